"""Reading image files."""

from __future__ import annotations

import errno
import logging
from typing import Any

import numpy as np
from mmcv.image.io import imread_flags, supported_backends
from mmcv.transforms import LoadImageFromFile
from mmengine import fileio
from mmengine.logging import print_log

from sslrecipes.datasets.bad_images import BadImageList
from sslrecipes.datasets.decoding import MAX_PIXELS, BadImageError, decode_image
from sslrecipes.errors import ConfigError, DataError, did_you_mean
from sslrecipes.registry import TRANSFORMS

HOPELESS = 100
"""So many bad images one after the other, drawn at random, mean that the folder is bad."""

_SHORTAGES = (errno.EMFILE, errno.ENFILE, errno.ENOMEM)


@TRANSFORMS.register_module()
class LoadImageOrSkip(LoadImageFromFile):
    """``LoadImageFromFile`` for training: an image that is bad is listed and replaced.

    One damaged file among a million must not end a run of days. Returning ``None`` makes MMEngine's ``BaseDataset``
    draw another sample, from the sample's own seed: repeated runs draw the same one, whatever failed before. Useless
    with ``test_mode=True``, where every file counts: use ``LoadImageFromFile`` there. mmcv's own ``ignore_empty=True``
    still raises if the bytes are there but aren't an image.

    What is bad is decided by :func:`sslrecipes.datasets.decoding.decode_image`. Bad images are added to ``bad_images``,
    which :class:`sslrecipes.engine.hooks.BadImagesHook` sets, or named in the log if that is ``None``.

    Args:
        max_pixels: Largest width x height; larger images are bad.
        **kwargs: ``to_float32``, ``color_type``, ``imdecode_backend`` and ``backend_args`` of ``LoadImageFromFile``.

    Raises:
        ConfigError: Unknown ``color_type`` or ``imdecode_backend``.
    """

    def __init__(self, max_pixels: int = MAX_PIXELS, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        _check_choice('color_type', self.color_type, list(imread_flags))
        _check_choice('imdecode_backend', self.imdecode_backend, supported_backends)
        self.max_pixels = max_pixels
        self.bad_images: BadImageList | None = None
        self._named: set[str] = set()
        self._in_a_row = 0

    def transform(self, results: dict[str, Any]) -> dict[str, Any] | None:
        """Return ``results`` with ``img`` (H, W, 3) BGR uint8, or ``None`` if the image is bad.

        Raises:
            DataError: :data:`HOPELESS` images one after the other were bad.
        """
        path = results['img_path']
        try:
            data = fileio.get(path, backend_args=self.backend_args)
            image = decode_image(data, self.max_pixels, self.color_type, self.imdecode_backend)
        except BadImageError as error:
            self._skip(path, str(error))
            return None
        except OSError as error:
            if error.errno in _SHORTAGES:  # the machine's trouble, not the file's
                raise
            self._skip(path, f'unreadable: {error.strerror or error}')
            return None
        self._in_a_row = 0
        results['img'] = image.astype(np.float32) if self.to_float32 else image
        results['img_shape'] = results['ori_shape'] = image.shape[:2]
        return results

    def _skip(self, path: str, reason: str) -> None:
        self._in_a_row += 1
        if self.bad_images is not None:
            self.bad_images.add(path, reason)
        elif path not in self._named:
            self._named.add(path)
            print_log(f'skipped bad image "{path}": {reason}', logger='current', level=logging.WARNING)
        if self._in_a_row >= HOPELESS:
            raise DataError(
                f'{HOPELESS} images one after the other are bad, the last "{path}" ({reason}): '
                'see whether the folder is mounted, or look at it with tools/check_data.py.'
            )


def _check_choice(key: str, value: str, choices: list[str]) -> None:
    if value not in choices:
        hint = did_you_mean(str(value), choices)
        raise ConfigError(f'LoadImageOrSkip: {key} must be one of {", ".join(choices)}, not "{value}".{hint}')
