"""Reading image files."""

from __future__ import annotations

from typing import Any

import numpy as np
from mmcv.image.io import imread_flags, supported_backends
from mmcv.transforms import LoadImageFromFile
from mmengine import fileio

from sslrecipes.datasets.images.bad_samples import BadFiles, are_raised, is_shortage, reason_of
from sslrecipes.datasets.images.decoding import MAX_PIXELS, BadImageError, decode_image
from sslrecipes.errors import ConfigError, did_you_mean
from sslrecipes.registry import TRANSFORMS


@TRANSFORMS.register_module()
class LoadImageOrSkip(LoadImageFromFile):
    """``LoadImageFromFile`` with a limit of pixels, whose bad images are replaced without our runner, too.

    In a loader of :class:`sslrecipes.engine.runner.SSLRunner` bad images of any loading transform are replaced in
    training and refused in evaluation (:class:`sslrecipes.datasets.images.bad_samples.SampleReader`). Elsewhere this
    one names them in the log and returns ``None``, which makes MMEngine's ``BaseDataset`` draw another sample. mmcv's
    own ``ignore_empty=True`` draws without a word.

    What is bad is decided by :func:`sslrecipes.datasets.images.decoding.decode_image`.

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
        self.bad = BadFiles()

    def transform(self, results: dict[str, Any]) -> dict[str, Any] | None:
        """Return ``results`` with ``img`` (H, W, 3) BGR uint8, or ``None`` if the image is bad.

        Raises:
            BadImageError: The image is bad, and somebody above decides what becomes of it.
            OSError: So it is, or the machine is short of handles or memory.
            DataError: Very many images one after the other were bad.
        """
        path = results['img_path']
        try:
            data = fileio.get(path, backend_args=self.backend_args)
            image = decode_image(data, self.max_pixels, self.color_type, self.imdecode_backend)
        except (BadImageError, OSError) as error:
            if are_raised() or is_shortage(error):
                raise
            self.bad.add(path, reason_of(error))
            return None
        self.bad.end_row()
        results['img'] = image.astype(np.float32) if self.to_float32 else image
        results['img_shape'] = results['ori_shape'] = image.shape[:2]
        return results


def _check_choice(key: str, value: str, choices: list[str]) -> None:
    if value not in choices:
        hint = did_you_mean(str(value), choices)
        raise ConfigError(f'LoadImageOrSkip: {key} must be one of {", ".join(choices)}, not "{value}".{hint}')
