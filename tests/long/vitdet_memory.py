"""Peak memory and seconds of Mask R-CNN on ViTDet-B for one image of 1024 px, on the CPU, in float32.

    OMP_NUM_THREADS=2 python tests/long/vitdet_memory.py

First the whole detector predicts, then backbone and pyramid run with the activations kept, as in training. Peaks are
those of the process so far, imports and weights included. Exit code 1 above ``--limit`` GB (10^9 bytes).
"""

import argparse
import resource
import sys
import time
from pathlib import Path

import torch
from mmdet.registry import MODELS
from mmdet.structures import DetDataSample
from mmengine.config import Config
from mmengine.registry import init_default_scope

import sslrecipes.transfer  # noqa: F401  registers ViTDet

RECIPE = (
    Path(__file__).resolve().parents[2]
    / 'configs/mae/transfer/mask-rcnn_vitdet-base_mae-1600e-pre_64xb1-amp-multisteplr-184k_coco-1024px.py'
)


def peak():
    """Peak resident memory of this process in GB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9


def measure(name, action):
    """Run ``action`` once and print what it took."""
    start = time.perf_counter()
    action()
    print(f'{name:<40} {time.perf_counter() - start:6.1f} s   peak {peak():5.2f} GB')


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--limit', type=float, default=8.0)
    limit = parser.parse_args().limit
    cfg = Config.fromfile(RECIPE)
    init_default_scope(cfg.default_scope)
    torch.manual_seed(0)
    model = MODELS.build(cfg.model).eval()
    images = torch.randn(1, 3, 1024, 1024)
    sample = DetDataSample(metainfo=dict(img_shape=(1024, 1024), ori_shape=(1024, 1024), scale_factor=(1.0, 1.0)))
    size = sum(param.numel() for param in model.parameters()) / 1e6
    print(f'{size:.1f} million parameters, {torch.get_num_threads()} threads; built: peak {peak():.2f} GB')
    with torch.no_grad():
        measure('backbone', lambda: model.backbone(images))
        measure('whole detector', lambda: model.predict(images, [sample]))
    measure('backbone and pyramid, activations kept', lambda: model.extract_feat(images))
    if peak() > limit:
        sys.exit(f'above {limit} GB')


if __name__ == '__main__':
    main()
