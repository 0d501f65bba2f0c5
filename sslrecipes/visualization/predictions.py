"""What detectors and segmentors see in a few pictures, drawn as they themselves draw it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmdet.visualization import DetLocalVisualizer
from PIL import Image

from sslrecipes.checkpoint.files.writing import write_atomic
from sslrecipes.compat.local_files import read_regular
from sslrecipes.datasets.cutouts import Picture
from sslrecipes.datasets.images.decoding import decode_image
from sslrecipes.transfer.scene_pictures import coloured
from sslrecipes.visualization.grid import picture_grid

"""RGB ``(H, W, 3)``."""


@torch.no_grad()
def predictions(model: Any, batches: Iterable[Any], count: int) -> list[Any]:
    """Let a model of mmdet or mmseg predict the first images of a loader.

    Args:
        model: In any mode; it is in evaluation mode afterwards.
        batches: As the loader for validation gives them.
        count: Number of images.

    Returns:
        ``count`` data samples with predictions, fewer if there are fewer images.
    """
    model.eval()
    samples = (sample for batch in batches for sample in model.test_step(batch))
    return list(islice(samples, count))


def detections(samples: Sequence[Any], metainfo: Mapping[str, Any], threshold: float = 0.3) -> list[Picture]:
    """Draw boxes and masks of a detector's predictions on the pictures that they were made for.

    Args:
        samples: Data samples of mmdet with predictions.
        metainfo: That of the data set: ``classes`` and ``palette``.
        threshold: Score that a drawn object has at least.
    """
    visualizer = DetLocalVisualizer()
    visualizer.dataset_meta = dict(metainfo)
    drawn = []
    for sample in samples:
        image = decode_image(read_regular(sample.img_path), channel_order='rgb')
        visualizer.add_datasample('scene', image, sample, draw_gt=False, pred_score_thr=threshold)
        drawn.append(visualizer.get_image())
    return drawn


def segmentations(samples: Sequence[Any], metainfo: Mapping[str, Any]) -> list[Picture]:
    """Draw the maps that a segmentor predicts, in the colours of the data set's ``palette``."""
    return [coloured(sample.pred_sem_seg.data[0].cpu().numpy(), metainfo['palette']) for sample in samples]


def save_side_by_side(columns: Mapping[str, Sequence[Picture]], path: str | Path, title: str = '') -> Path:
    """Write a PNG with a column of pictures, all of one size, per name.

    Returns:
        ``path``.
    """
    tensors = {name: torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2) for name, pictures in columns.items()}
    picture = Image.fromarray(picture_grid(tensors, title))
    return write_atomic(path, lambda file: picture.save(file, format='PNG'))
