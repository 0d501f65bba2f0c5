"""Provide ``mmcv._ext`` from torchvision's kernels where mmcv was installed without compiled operators.

``pip install onedl-mmcv`` builds in isolation, finds no torch there and leaves the operators out; then every import of
``mmcv.ops`` fails, and with it ``import mmdet.models``. Compiling them takes a quarter of an hour per machine. Mask
R-CNN needs three of them, and torchvision has those; see :mod:`sslrecipes.compat.mmcv_ext`.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_file_location
from pathlib import Path
from types import ModuleType

_EXTENSION = 'mmcv._ext'
_GUARDED_OPS = ('nms', 'batched_nms', 'roi_align')


class ExtensionFinder(MetaPathFinder):
    """Find ``mmcv._ext`` when nobody else does: it stands last in ``sys.meta_path``, behind a compiled one."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return a spec that loads ``mmcv_ext.py`` under the name ``mmcv._ext``, None for any other name."""
        if fullname != _EXTENSION:
            return None
        return spec_from_file_location(fullname, Path(__file__).with_name('mmcv_ext.py'))


def install() -> None:
    """Register the finder and mend what mmdet already imported without it, so the order of imports is free."""
    if not any(isinstance(finder, ExtensionFinder) for finder in sys.meta_path):
        sys.meta_path.append(ExtensionFinder())
    _replace_placeholders()


def _replace_placeholders() -> None:
    """Put mmcv's operators where mmdet, imported before us, has guarded their absence by functions that raise.

    ``import mmpretrain.models`` does that: it tries mmdet and goes on without.
    """
    late = [
        (module, op)
        for name, module in sys.modules.copy().items()
        if name.startswith('mmdet.')
        for op in _GUARDED_OPS
        if _is_placeholder(module, op)
    ]
    if late:
        ops = importlib.import_module('mmcv.ops')
        for module, op in late:
            setattr(module, op, getattr(ops, op))


def _is_placeholder(module: ModuleType, op: str) -> bool:
    code = getattr(vars(module).get(op), '__code__', None)
    texts = code.co_consts if code else ()
    return any(isinstance(text, str) and text.startswith(f'{op} requires mmcv') for text in texts)
