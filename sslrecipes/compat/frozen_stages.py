"""Keep the frozen stages of backbones as they are in training mode.

``frozen_stages`` of a backbone freezes its stem and first stages: neither weights nor statistics are to change, and
nothing is dropped at random. ``train()`` puts those parts back into evaluation mode, but

* MobileNetV2, of mmpretrain, mmdet and mmseg, and ShuffleNets leave the stem out: the batch norm behind frozen weights
  goes on averaging (mmsegmentation issue 362, mmdetection issue 560);
* ViTs do so when they are built, and not in ``train()``: drop-path and dropout return to frozen blocks.
"""

from __future__ import annotations

from functools import partial, wraps
from types import ModuleType
from typing import Any

from sslrecipes.compat.after_import import after_import

_MOBILENET = 'models.backbones.mobilenet_v2'
_STEMS = {
    f'mmpretrain.{_MOBILENET}': 'MobileNetV2',
    f'mmdet.{_MOBILENET}': 'MobileNetV2',
    f'mmseg.{_MOBILENET}': 'MobileNetV2',
    'mmpretrain.models.backbones.shufflenet_v1': 'ShuffleNetV1',
    'mmpretrain.models.backbones.shufflenet_v2': 'ShuffleNetV2',
}
_BLOCKS = {
    'mmpretrain.models.backbones.vision_transformer': 'VisionTransformer',
    'mmpretrain.models.backbones.beit': 'BEiTViT',
    'mmpretrain.models.backbones.vit_sam': 'ViTSAM',
}


def install() -> None:
    """Mend each of these classes when it is imported."""
    for module, backbone in _STEMS.items():
        after_import(module, partial(_keep_stem, backbone))
    for module, backbone in _BLOCKS.items():
        after_import(module, partial(_keep_blocks, backbone))


def _keep_stem(name: str, module: ModuleType) -> None:
    backbone = getattr(module, name)
    freeze = backbone._freeze_stages
    if hasattr(freeze, '__wrapped__'):  # mended already
        return

    @wraps(freeze)
    def freeze_stages(self: Any) -> None:
        freeze(self)
        if self.frozen_stages >= 0:
            self.conv1.eval()

    backbone._freeze_stages = freeze_stages


def _keep_blocks(name: str, module: ModuleType) -> None:
    backbone = getattr(module, name)
    train = backbone.train
    if hasattr(train, '__wrapped__'):
        return

    @wraps(train)
    def train_the_rest(self: Any, mode: bool = True) -> Any:
        train(self, mode)
        if getattr(self, 'frozen_stages', -1) > 0:  # DeiT3 has none
            self._freeze_stages()
        return self

    backbone.train = train_the_rest
