"""Reading image files."""

from __future__ import annotations

import logging
from typing import Any

import cv2
from mmcv.transforms import LoadImageFromFile
from mmengine.logging import print_log

from sslrecipes.registry import TRANSFORMS


@TRANSFORMS.register_module()
class LoadImageOrSkip(LoadImageFromFile):
    """``LoadImageFromFile`` for training: a file that can't be read is named in the log and replaced.

    One damaged file among a million must not end a run of days. Returning ``None`` makes MMEngine's ``BaseDataset``
    draw another sample (from the sample's own seed, so that repeated runs draw the same one). Useless with
    ``test_mode=True``, where every file counts: use ``LoadImageFromFile`` there. mmcv's own ``ignore_empty=True``
    still raises if the bytes are there but aren't an image.

    Args:
        **kwargs: Those of mmcv's ``LoadImageFromFile``.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._named: set[str] = set()

    def transform(self, results: dict[str, Any]) -> dict[str, Any] | None:
        """Return ``results`` with ``img`` (H, W, 3) BGR uint8, or ``None`` if the file can't be read."""
        try:
            return super().transform(results)
        except (OSError, AssertionError, cv2.error) as error:
            path = results['img_path']
            if path not in self._named:
                self._named.add(path)
                print_log(f'skipped unreadable image "{path}": {error}', logger='current', level=logging.WARNING)
            return None
