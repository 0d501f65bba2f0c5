"""Memory of CPU training."""

from __future__ import annotations

import ctypes
from contextlib import suppress

import torch

M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4


def keep_freed_memory() -> None:
    """Let glibc reuse freed blocks instead of returning them to the system; does nothing with a GPU or another libc.

    Otherwise every activation larger than some megabytes is mapped, zeroed page by page, and unmapped in each step:
    several per cent of a ViT-B step. The process keeps its peak memory in return.
    """
    if torch.cuda.is_available():
        return
    with suppress(OSError, AttributeError):
        mallopt = ctypes.CDLL('libc.so.6').mallopt
        mallopt(M_MMAP_MAX, 0)
        mallopt(M_TRIM_THRESHOLD, -1)
