"""Detectors and segmentors of ResNets and MobileNetV2 have the sizes, anchors and settings that the papers name."""

import math
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from mmdet.registry import MODELS as DETECTORS
from mmdet.testing import demo_mm_inputs
from mmengine.model import revert_sync_batchnorm
from mmengine.optim import build_optim_wrapper
from mmengine.registry import PARAM_SCHEDULERS, DefaultScope
from mmseg.registry import MODELS as SEGMENTORS
from torch.nn.modules.batchnorm import _BatchNorm

from sslrecipes.config.reading import read_config
from sslrecipes.transfer import DilatedMobileNetV2

CONFIGS = Path(__file__).resolve().parents[2] / 'configs'
MODELS = {
    path.stem: path for path in (CONFIGS / '_base_' / 'transfer' / 'models').glob('*.py') if 'vit' not in path.stem
}
ROWS = sorted(
    path for family in ('sslight', 'baselines', 's3l') for path in (CONFIGS / family / 'transfer').glob('*.py')
    if 'vit' not in path.stem
)  # fmt: skip
FIXED = sorted(name for name in MODELS if 'frozenbn' in name)
IMAGE = 64, 96
FPN = [(256, 16, 24), (256, 8, 12), (256, 4, 6), (256, 2, 3), (256, 1, 2)]
PYRAMIDS = {
    'mask-rcnn_fpn': FPN,
    'faster-rcnn_resnet50-fpn-4conv': FPN,
    'mask-rcnn_mobilenetv2-fpn': [(256, 4, 6), (256, 2, 3), (256, 1, 2)],
    'faster-rcnn_resnet18-c4': [(256, 4, 6)],
    'mask-rcnn_c4': [(1024, 4, 6)],
}
SEGMENTOR_MAPS = {
    'fcn': [(64, 16, 24), (128, 8, 12), (256, 8, 12), (512, 8, 12)],
    'fcn_mobilenetv2': [(96, 8, 12), (1280, 8, 12)],
    'upernet_resnet50': [(256, 16, 24), (512, 8, 12), (1024, 4, 6), (2048, 2, 3)],
}


@pytest.fixture(autouse=True)
def _in_scope_of_mmdet(_scoped):
    with DefaultScope.overwrite_default_scope('mmdet'):
        yield


@cache
def built(name):
    cfg = read_config(MODELS[name]).model
    registry = SEGMENTORS if cfg.type == 'EncoderDecoder' else DETECTORS
    return revert_sync_batchnorm(registry.build(cfg)).train()


@pytest.mark.parametrize('name', [*PYRAMIDS, *SEGMENTOR_MAPS])
def test_feature_maps(name):
    with torch.no_grad():
        maps = built(name).extract_feat(torch.zeros(2, 3, *IMAGE))
    assert [tuple(one.shape[1:]) for one in maps] == (PYRAMIDS | SEGMENTOR_MAPS)[name]


@pytest.mark.parametrize('name', [*PYRAMIDS, *SEGMENTOR_MAPS])
def test_everything_is_trained(name):
    model = built(name)
    assert all(parameter.requires_grad for parameter in model.parameters())
    norms = [module for module in model.modules() if isinstance(module, _BatchNorm)]
    assert norms
    assert all(norm.training and norm.affine for norm in norms)


@pytest.mark.parametrize('row', ROWS, ids=lambda path: path.stem)
def test_rows_name_a_checkpoint_and_a_backbone_that_is_free_and_synchronised_or_fixed_in_its_norms(row):
    cfg = read_config(row)
    backbone = cfg.model.backbone
    fixed = 'frozenbn' in row.stem
    assert backbone.norm_cfg == dict(type='BN' if fixed else 'SyncBN', requires_grad=not fixed)
    assert (backbone.frozen_stages, backbone.norm_eval) == ((1, True) if fixed else (-1, False))
    assert not backbone.get('zero_init_residual', False)
    assert 'init_cfg' not in backbone
    assert cfg.model.get('pretrained') is None
    assert cfg.transfer.part == 'student'
    assert cfg.transfer.checkpoint.split('/')[0] in ('work_dirs', 'checkpoints')
    if row.parent.parent.name != 'baselines':  # named after the recipe that makes the checkpoint
        method, network = (
            row.stem.split('_')[2].removesuffix('-pre'),
            row.stem.split('_')[1].removesuffix('-frozenbn').removesuffix('-fpn').removesuffix('-c4'),
        )
        recipe = Path(cfg.transfer.checkpoint).parent.name
        assert recipe.startswith(f'{method}_{network}_')
        assert (row.parent.parent / f'{recipe}.py').is_file()


@pytest.mark.parametrize(
    ('name', 'places'),
    [
        ('mask-rcnn_fpn', {'backbone'}),
        ('mask-rcnn_mobilenetv2-fpn', {'backbone'}),
        ('faster-rcnn_resnet50-fpn-syncbn', {'backbone', 'neck'}),
        ('faster-rcnn_resnet50-fpn-4conv', {'backbone', 'neck', 'roi_head.bbox_head'}),
        ('mask-rcnn_c4', {'backbone', 'roi_head.shared_head'}),
    ],
)
def test_batch_norms_stand_where_the_paper_has_them(name, places):
    norms = [place for place, module in built(name).named_modules() if isinstance(module, _BatchNorm)]
    assert {'.'.join(place.split('.')[: 2 if place.startswith('roi_head') else 1]) for place in norms} == places


@pytest.mark.parametrize('name', FIXED)
def test_norms_stem_and_first_stage_can_be_fixed(name):
    model = built(name)
    norms = {place: module for place, module in model.named_modules() if isinstance(module, _BatchNorm)}
    assert {place.split('.')[0] for place in norms} == ({'backbone', 'roi_head'} if 'c4' in name else {'backbone'})
    assert not any(norm.training for norm in norms.values())
    fixed = {place for place, parameter in model.named_parameters() if not parameter.requires_grad}
    of_norms = {f'{place}.{leaf}' for place in norms for leaf in ('weight', 'bias')}
    early = {
        place for place, _ in model.named_parameters() if place.startswith(('backbone.conv1.', 'backbone.layer1.'))
    }
    assert fixed == of_norms | early


def test_c4_has_a_norm_behind_the_last_stage():
    head = built('faster-rcnn_resnet18-c4').roi_head.shared_head
    regions = torch.randn(3, 256, 14, 14)
    out = head(regions)
    assert out.shape == (3, 512, 7, 7)
    torch.testing.assert_close(out.mean((0, 2, 3)), torch.zeros(512), atol=1e-5, rtol=0)
    assert out.min() < 0  # behind the ReLU of the last block


def detectron2_anchors(sizes, stride, height, width):
    """Anchors (N, 4) of one level by detectron2's definition: of each area, of each ratio h / w, around the corners."""
    cells = [
        (-w / 2, -h / 2, w / 2, h / 2)
        for size in sizes for ratio in (0.5, 1.0, 2.0)
        for w, h in [(math.sqrt(size**2 / ratio), ratio * math.sqrt(size**2 / ratio))]
    ]  # fmt: skip
    shifts = [(x * stride, y * stride) * 2 for y in range(height) for x in range(width)]
    return np.array(shifts)[:, None] + np.array(cells)[None]


@pytest.mark.parametrize(
    ('name', 'sizes', 'strides'),
    [
        ('mask-rcnn_mobilenetv2-fpn', [(32, 64, 128), (64, 128, 256), (128, 256, 512)], [16, 32, 64]),
        ('mask-rcnn_fpn', [(32,), (64,), (128,), (256,), (512,)], [4, 8, 16, 32, 64]),
        ('mask-rcnn_c4', [(32, 64, 128, 256, 512)], [16]),
    ],
)
def test_anchors_are_detectron2s(name, sizes, strides):
    maps = [(2, 3)] * len(sizes)
    ours = built(name).rpn_head.prior_generator.grid_priors(maps, device='cpu')
    for anchors, size, stride, (height, width) in zip(ours, sizes, strides, maps, strict=True):
        expected = detectron2_anchors(size, stride, height, width)
        per_place = anchors.reshape(height * width, -1, 4).numpy()
        for place, want in zip(per_place, expected, strict=True):  # the order of ratios and sizes is free
            np.testing.assert_allclose(sorted(map(tuple, place)), sorted(map(tuple, want)), atol=1e-3)


@pytest.mark.parametrize(('name', 'lowest', 'highest'), [('mask-rcnn_mobilenetv2-fpn', 4, 5), ('mask-rcnn_fpn', 2, 5)])
def test_regions_are_pooled_from_detectron2s_levels(name, lowest, highest):
    rng = np.random.default_rng(0)
    sides = np.exp(rng.uniform(np.log(4), np.log(1333), (2000, 2)))
    sides = np.concatenate([sides, [[side, side] for side in (56, 112, 223.9, 224, 447.9, 448, 896)]])
    regions = torch.tensor(np.concatenate([np.zeros((len(sides), 3)), sides], axis=1), dtype=torch.float32)
    levels = np.clip(np.floor(4 + np.log2(np.sqrt(sides.prod(axis=1)) / 224 + 1e-8)), lowest, highest)
    for extractor in (built(name).roi_head.bbox_roi_extractor, built(name).roi_head.mask_roi_extractor):
        ours = extractor.map_roi_levels(regions, highest - lowest + 1)
        np.testing.assert_array_equal(ours + lowest, levels)
        assert all(layer.aligned and layer.sampling_ratio == 0 for layer in extractor.roi_layers)


def test_objects_smaller_than_any_anchor_are_trained():
    assigner = built('mask-rcnn_fpn').rpn_head.assigner
    overlaps = torch.tensor([[0.02, 0.05, 0.0], [0.0, 0.0, 0.8]])
    assert assigner.assign_wrt_overlaps(overlaps, torch.tensor([0, 0])).gt_inds.tolist() == [0, 1, 2]


def test_panoptic_fpn_learns_things_and_stuff():
    cfg = read_config(MODELS['panoptic-fpn_resnet50'])
    changes = {'backbone.depth': 18, 'neck.in_channels': [64, 128, 256, 512], 'train_cfg.rcnn.sampler.num': 16}
    cfg.merge_from_dict({f'model.{key}': value for key, value in changes.items()})
    model = revert_sync_batchnorm(DETECTORS.build(cfg.model)).train()
    batch = demo_mm_inputs(2, [(3, *IMAGE)] * 2, num_classes=80, with_mask=True, with_semantic=True)
    losses = model(**model.data_preprocessor(batch, True), mode='loss')
    assert {'loss_rpn_cls', 'loss_cls', 'loss_bbox', 'loss_mask', 'loss_seg'} <= losses.keys()
    assert model.semantic_head.conv_logits.out_channels == 54


def test_norms_do_not_decay():
    model = built('faster-rcnn_resnet18-c4')
    schedule = read_config(CONFIGS / '_base_' / 'transfer' / 'schedules' / 'sgd_bs16_90k.py')
    groups = build_optim_wrapper(model, schedule.optim_wrapper).optimizer.param_groups
    decay = {id(parameter): group['weight_decay'] for group in groups for parameter in group['params']}
    of_norms = {
        id(parameter)
        for module in model.modules()
        if isinstance(module, _BatchNorm)
        for parameter in module.parameters()
    }
    assert len(decay) == len(list(model.parameters()))
    assert all(value == (0 if key in of_norms else 1e-4) for key, value in decay.items())


@pytest.mark.parametrize(('name', 'warmup'), [('sgd_bs16_90k', 1000), ('sgd_bs32_voc-24k', 200)])
def test_warmup_is_detectron2s(name, warmup):
    cfg = read_config(CONFIGS / '_base_' / 'transfer' / 'schedules' / f'{name}.py')
    full = cfg.optim_wrapper.optimizer.lr
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=full)
    schedules = [PARAM_SCHEDULERS.build(one, default_args=dict(optimizer=optimizer)) for one in cfg.param_scheduler]
    rates = []
    for _ in range(warmup + 2):
        rates.append(optimizer.param_groups[0]['lr'])
        optimizer.step()
        for schedule in schedules:
            schedule.step()
    share = np.minimum(np.arange(warmup + 2) / warmup, 1)
    np.testing.assert_allclose(rates, full * (0.001 * (1 - share) + share), rtol=1e-6)


@pytest.mark.parametrize('stride', [8, 16, 32])
def test_dilated_mobilenet_keeps_names_and_the_features_before_dilation(stride):
    plain = DETECTORS.build(dict(type='mmpretrain.MobileNetV2', out_indices=(2, 7)))
    dilated = DilatedMobileNetV2(output_stride=stride, out_indices=(2, 7))
    plain.eval(), dilated.eval()  # which return nothing
    dilated.load_state_dict(plain.state_dict())
    image = torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        (early, late), (dilated_early, dilated_late) = plain(image), dilated(image)
    assert torch.equal(early, dilated_early)
    assert dilated_late.shape[-1] == 64 // stride
    if stride == 32:
        assert torch.equal(late, dilated_late)
