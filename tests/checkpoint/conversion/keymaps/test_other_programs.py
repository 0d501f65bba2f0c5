"""Names of detectron2, timm and torchvision, by example; whole networks are compared in tests/export."""

import pytest

from sslrecipes.checkpoint.conversion.keymaps.detectron2 import DETECTRON2
from sslrecipes.checkpoint.conversion.keymaps.timm import TIMM, TIMM_MOBILENET_V2
from sslrecipes.checkpoint.conversion.keymaps.torchvision_vit import TORCHVISION_VIT

ROWS = [
    (DETECTRON2, 'bn1.running_var', 'stem.conv1.norm.running_var'),
    (DETECTRON2, 'conv1.weight', 'stem.conv1.weight'),
    (DETECTRON2, 'layer1.0.conv3.weight', 'res2.0.conv3.weight'),
    (DETECTRON2, 'layer3.5.bn2.num_batches_tracked', 'res4.5.conv2.norm.num_batches_tracked'),
    (DETECTRON2, 'layer4.0.downsample.0.weight', 'res5.0.shortcut.weight'),
    (DETECTRON2, 'layer4.0.downsample.1.bias', 'res5.0.shortcut.norm.bias'),
    (DETECTRON2, 'pos_embed', 'backbone.net.pos_embed'),
    (DETECTRON2, 'patch_embed.projection.weight', 'backbone.net.patch_embed.proj.weight'),
    (DETECTRON2, 'layers.11.ffn.layers.0.0.bias', 'backbone.net.blocks.11.mlp.fc1.bias'),
    (TIMM, 'layers.3.attn.qkv.weight', 'blocks.3.attn.qkv.weight'),
    (TIMM, 'ln2.weight', 'fc_norm.weight'),
    (TIMM, 'layer2.0.downsample.1.weight', 'layer2.0.downsample.1.weight'),
    (TIMM_MOBILENET_V2, 'conv1.bn.weight', 'bn1.weight'),
    (TIMM_MOBILENET_V2, 'layer1.0.conv.1.conv.weight', 'blocks.0.0.conv_pw.weight'),
    (TIMM_MOBILENET_V2, 'layer6.2.conv.1.conv.weight', 'blocks.5.2.conv_dw.weight'),
    (TIMM_MOBILENET_V2, 'layer6.2.conv.2.bn.bias', 'blocks.5.2.bn3.bias'),
    (TIMM_MOBILENET_V2, 'conv2.conv.weight', 'conv_head.weight'),
    (TORCHVISION_VIT, 'layers.1.attn.qkv.bias', 'encoder.layers.encoder_layer_1.self_attention.in_proj_bias'),
    (TORCHVISION_VIT, 'ln1.weight', 'encoder.ln.weight'),
]


@pytest.mark.parametrize(('keymap', 'ours', 'theirs'), ROWS)
def test_names(keymap, ours, theirs):
    assert keymap.to_official({f'backbone.{ours}': 1}) == {theirs: 1}
    assert keymap.to_ours({theirs: 1}) == {f'backbone.{ours}': 1}
