"""The hand-off matrix: every method, under every kind of names, into mmdet, mmseg, timm, torchvision and detectron2.

Nothing may be missing, the features must be those of the pre-trained network, the weights the same to the bit. A new
row is an entry of `METHODS`; a new column is a function in `FORMATS` that writes a file for the backbone slots of mmdet
and mmseg, or an entry of `PROGRAMS` for a program of its own.
"""

import re
from dataclasses import dataclass, replace
from functools import cache, partial

import mmdet.models  # noqa: F401  registers
import mmseg.models  # noqa: F401
import pytest
import torch
from mmdet.registry import MODELS as DETECTORS
from mmengine.registry import DefaultScope
from mmseg.registry import MODELS as SEGMENTORS

from sslrecipes.checkpoint.baking import adapted_parts, bake_cls_token
from sslrecipes.checkpoint.conversion.convert import to_official
from sslrecipes.checkpoint.conversion.layouts import wrap
from sslrecipes.checkpoint.files.writing import save_torch
from sslrecipes.checkpoint.networks import read_network
from sslrecipes.errors import CheckpointError, CoverageError
from sslrecipes.export import Source, export_checked
from sslrecipes.export.backbone import export_backbone
from sslrecipes.registry import MODELS
from sslrecipes.transfer.loading import load_backbone
from sslrecipes.transfer.verify import verify_backbone

ARCH = dict(embed_dims=16, num_layers=3, num_heads=2, feedforward_channels=64)
IMAGE = dict(img_size=32, patch_size=8)
RESNET = dict(depth=18, stem_channels=8, base_channels=8, zero_init_residual=False)
WIDE, WIDE_WIDTH = dict(stem_channels=64, base_channels=64), 512
MOBILENET, TOKENLESS = dict(widen_factor=0.35), dict(with_cls_token=False)
PLAIN_VIT = dict(type='mmpretrain.VisionTransformer', arch=ARCH, **IMAGE, out_type='featmap', final_norm=False)
VITDET = dict(type='sslrecipes.ViTDet', arch=ARCH, **IMAGE, window_size=2, use_rel_pos=True, input_size=64)
PLAIN_RESNET = dict(type='mmpretrain.ResNet', **RESNET, out_indices=(0, 1, 2, 3), init_cfg=None)
WIDTH, RESNET_WIDTH, MOBILENET_WIDTH = 16, 64, 1280
MULTI_CROP = dict(loss_weights=(0.4, 0.6))
DINO_NECK = dict(type='DINONeck', hidden_channels=16, bottleneck_channels=8, out_channels=12)
DINO_HEAD = dict(type='DINOHead', out_channels=12, **MULTI_CROP)
MOCO_NECK = dict(type='MoCoNeck', hidden_channels=16, out_channels=8)
MLP_NECK = dict(type='MLPNeck', in_channels=64, hidden_channels=16, out_channels=8)
PREDICTOR = dict(in_channels=8, hidden_channels=16, out_channels=8)
MOCO_V3_NORMS = dict(with_bn=True, bias=False, last_bias=False, last_norm='plain')
MOCO_HEAD = dict(type='MoCoHead', feat_channels=8, queue_length=12, **MULTI_CROP)


@dataclass(frozen=True)
class Method:
    """A method's tiny model, the official family of its checkpoints, and the backbones that take its weights."""

    model: dict
    family: str
    detector: dict
    segmentor: dict
    width: int
    teacher: str = ''


def mae_priv(with_cls_token):
    backbone = dict(type='MAEPrivViT', arch=ARCH, **IMAGE, with_cls_token=with_cls_token)
    neck = dict(type='MAEPrivDecoder', num_patches=16, patch_size=8, embed_dim=16, decoder_embed_dim=8, decoder_depth=1)
    return dict(type='MAEPriv', backbone=backbone, neck=neck, head=dict(type='MAEPrivHead', patch_size=8))


METHODS = {
    'mae': Method(
        dict(
            type='MAE',
            backbone=dict(type='MaskedViT', arch=ARCH, **IMAGE),
            neck=dict(type='MAEDecoder', num_patches=16, patch_size=8, embed_dim=16, decoder_embed_dim=8,
                      decoder_depth=1, decoder_num_heads=2),
            head=dict(type='MAEPretrainHead', patch_size=8, loss=dict(type='PixelReconstructionLoss', criterion='L2')),
        ),
        'mae', VITDET, PLAIN_VIT, WIDTH,
    ),
    'mae-priv-gap': Method(
        mae_priv(with_cls_token=False), 'mae-priv', {**VITDET, **TOKENLESS}, {**PLAIN_VIT, **TOKENLESS}, WIDTH,
    ),
    'mae-priv-cls': Method(mae_priv(with_cls_token=True), 'mae-priv', VITDET, PLAIN_VIT, WIDTH),
    'tec': Method(
        dict(
            type='TEC',
            backbone=dict(type='TECViT', arch=ARCH, **IMAGE, mlp_token=True),
            neck=dict(type='TECNeck', embed_dims=16, num_layers=3, num_patches=16, decoder_embed_dims=8,
                      decoder_num_heads=2, target_heads=2),
            head=dict(type='TECHead'),
            target_generator=dict(type='TECBaseModel', arch=ARCH, topk=3, **IMAGE),
        ),
        'tec', VITDET, PLAIN_VIT, WIDTH,
    ),
    'dino-resnet': Method(
        dict(type='DINO', backbone=dict(type='ResNet', **RESNET), neck=dict(in_channels=64, **DINO_NECK),
             head=DINO_HEAD),
        'sslight-dino', PLAIN_RESNET, PLAIN_RESNET, RESNET_WIDTH, 'teacher.backbone.',
    ),
    'dino-vit': Method(
        dict(type='DINO', backbone=dict(type='DINOViT', arch=ARCH, **IMAGE), neck=dict(in_channels=16, **DINO_NECK),
             head=DINO_HEAD),
        'dino', VITDET, PLAIN_VIT, WIDTH, 'teacher.backbone.',
    ),
    'swav': Method(
        dict(
            type='SwAV',
            backbone=dict(type='ResNet', **RESNET),
            neck=dict(type='SwAVNeck', in_channels=64, hidden_channels=16, out_channels=8, num_prototypes=12),
            head=dict(type='SwAVHead', feat_channels=8, **MULTI_CROP),
        ),
        'sslight-swav', PLAIN_RESNET, PLAIN_RESNET, RESNET_WIDTH,
    ),
    'moco-resnet': Method(
        dict(type='MoCo', backbone=dict(type='ResNet', **RESNET), neck=dict(in_channels=64, **MOCO_NECK),
             head=MOCO_HEAD),
        'sslight-moco', PLAIN_RESNET, PLAIN_RESNET, RESNET_WIDTH, 'momentum_encoder.backbone.',
    ),
    'moco-mobilenet': Method(
        dict(type='MoCo', backbone=dict(type='MobileNetV2', **MOBILENET), neck=dict(in_channels=1280, **MOCO_NECK),
             head=MOCO_HEAD),
        'sslight-moco',
        dict(type='mmpretrain.MobileNetV2', **MOBILENET, out_indices=(3, 7), init_cfg=None),
        dict(type='mmpretrain.MobileNetV2', **MOBILENET, out_indices=(1, 2, 4, 7), init_cfg=None),
        MOBILENET_WIDTH, 'momentum_encoder.backbone.',
    ),
    'moco-v2': Method(
        dict(type='MoCo', backbone=dict(type='ResNet', **RESNET), neck=MLP_NECK,
             head={**MOCO_HEAD, 'loss_weights': (1.0,)}),
        'moco', PLAIN_RESNET, PLAIN_RESNET, RESNET_WIDTH, 'momentum_encoder.backbone.',
    ),
    'byol': Method(
        dict(type='BYOL', backbone=dict(type='ResNet', **RESNET), neck={**MLP_NECK, 'with_bn': True},
             head=dict(type='PredictionHead', predictor=PREDICTOR, distance='squared')),
        'solo-learn', PLAIN_RESNET, PLAIN_RESNET, RESNET_WIDTH, 'teacher.backbone.',
    ),
    'simclr': Method(
        dict(type='SimCLR', backbone=dict(type='ResNet', **RESNET), neck=MLP_NECK, head=dict(type='SimCLRHead')),
        's3l-simclr', PLAIN_RESNET, PLAIN_RESNET, RESNET_WIDTH,
    ),
    'simsiam': Method(
        dict(type='SimSiam', backbone=dict(type='ResNet', **RESNET),
             neck={**MLP_NECK, 'num_layers': 3, 'with_bn': True, 'bias': False, 'last_norm': 'plain'},
             head=dict(type='PredictionHead', predictor=PREDICTOR, distance='cosine')),
        'simsiam', PLAIN_RESNET, PLAIN_RESNET, RESNET_WIDTH,
    ),
    'moco-v3': Method(
        dict(type='MoCoV3', backbone=dict(type='ResNet', **RESNET), neck={**MLP_NECK, **MOCO_V3_NORMS},
             head=dict(type='MoCoV3Head', predictor={**PREDICTOR, **MOCO_V3_NORMS, 'last_norm': None})),
        'moco-v3', PLAIN_RESNET, PLAIN_RESNET, RESNET_WIDTH, 'momentum_encoder.backbone.',
    ),
    'moco-v3-vit': Method(
        dict(type='MoCoV3', backbone=dict(type='MoCoV3ViT', arch=ARCH, **IMAGE, stop_grad_conv1=True),
             neck={**MLP_NECK, **MOCO_V3_NORMS, 'in_channels': 16, 'num_layers': 3},
             head=dict(type='MoCoV3Head', predictor={**PREDICTOR, **MOCO_V3_NORMS})),
        'moco-v3-vit', VITDET, PLAIN_VIT, WIDTH, 'momentum_encoder.backbone.',
    ),
    'w2ssl': Method(
        dict(type='W2SSL', backbone=dict(type='ResNet', **RESNET), neck={**MLP_NECK, **MOCO_V3_NORMS},
             head=dict(type='W2SSLHead', in_channels=64, predictor={**PREDICTOR, **MOCO_V3_NORMS, 'last_norm': None})),
        'w2ssl', PLAIN_RESNET, PLAIN_RESNET, RESNET_WIDTH, 'momentum_encoder.backbone.',
    ),
}  # fmt: skip
PARTS = [
    (name, part) for name, method in METHODS.items() for part in ('student', 'teacher')[: 1 + bool(method.teacher)]
]


@dataclass(frozen=True)
class Pretrained:
    """A training checkpoint and what it holds."""

    method: Method
    path: object
    state: dict

    def prefix(self, part):
        return {'student': 'backbone.', 'teacher': self.method.teacher}[part]

    def backbone(self, part):
        state, prefix = self.state, self.prefix(part)
        state = bake_cls_token(state, prefix) if prefix in adapted_parts(state) else state
        return {name.removeprefix(prefix): value for name, value in state.items() if name.startswith(prefix)}


def own(pretrained, part, folder):
    """The checkpoint of the run itself."""
    return pretrained.path


def official(pretrained, part, folder):
    """The layout of the method's authors, with all networks."""
    family = pretrained.method.family
    save_torch(folder / 'official.pth', wrap(to_official(pretrained.state, family), family))
    return folder / 'official.pth'


def exported(pretrained, part, folder):
    export_backbone(pretrained.path, folder / 'exported.safetensors', prefix=pretrained.prefix(part))
    return folder / 'exported.safetensors'


def plain(pretrained, part, folder):
    """Names of timm's ViT and of torchvision."""
    export_backbone(pretrained.path, folder / 'plain.pth', prefix=pretrained.prefix(part), file_format='official')
    return folder / 'plain.pth'


FORMATS = (own, official, exported, plain)


def of_program(program, pretrained, part, folder):
    """Names of another program, whose network has computed the same features."""
    if program == 'timm':
        pytest.importorskip('timm')
    file = folder / f'of_{program}{PROGRAMS[program]}'
    report = export_checked(pretrained.path, file, program, prefix=pretrained.prefix(part), heads=ARCH['num_heads'])
    differences = [float(number) for number in re.findall(r'(\S+) \(limit', report.notes[0])]
    assert differences
    assert max(differences) <= 1e-5
    return file


PROGRAMS = {'timm': '.safetensors', 'torchvision': '.pth', 'detectron2': '.pkl'}
UNKNOWN = {
    ('moco-mobilenet', 'detectron2'): r'detectron2 has no MobileNetV2 x0\.35',
    ('mae-priv-gap', 'torchvision'): r"torchvision's ViTs have a class token",
}
"""What a program has no network for."""


@pytest.fixture(scope='module')
def pretrained(tmp_path_factory, scattered):
    """``pretrained('mae')``: its checkpoint, with weights and statistics of no special value.

    With ``wide`` a ResNet has all its channels, as other programs want it.
    """
    folder = tmp_path_factory.mktemp('pretrained')

    @cache
    def get(name, wide=False):
        method = widened(METHODS[name]) if wide else METHODS[name]
        torch.manual_seed(0)
        with DefaultScope.overwrite_default_scope('sslrecipes'):
            state = MODELS.build(method.model).state_dict()
        state = scattered(state, key_biases=method.family != 'mae-priv')
        path = folder / f'{name}{"-wide" * wide}.pth'
        save_torch(path, {'state_dict': state, 'meta': {}})
        return Pretrained(method, path, state)

    return get


def widened(method):
    if method.detector is not PLAIN_RESNET:
        return method
    backbone, neck = method.model['backbone'], method.model['neck']
    model = {**method.model, 'backbone': {**backbone, **WIDE}, 'neck': {**neck, 'in_channels': WIDE_WIDTH}}
    slot = {**PLAIN_RESNET, **WIDE}
    return replace(method, model=model, detector=slot, segmentor=slot, width=WIDE_WIDTH)


def detector(method):
    head = dict(type='RPNHead', in_channels=method.width, feat_channels=8)
    with DefaultScope.overwrite_default_scope('mmdet'):
        return DETECTORS.build(dict(type='SingleStageDetector', backbone=method.detector, bbox_head=head))


def segmentor(method):
    head = dict(type='FCNHead', in_channels=method.width, channels=8, num_convs=1, num_classes=3)
    model = dict(type='EncoderDecoder', backbone=method.segmentor, decode_head=head, test_cfg=dict(mode='whole'))
    with DefaultScope.overwrite_default_scope('mmseg'):
        return SEGMENTORS.build(model)


@pytest.mark.parametrize('slot', [detector, segmentor])
@pytest.mark.parametrize('file_format', FORMATS)
@pytest.mark.parametrize(('name', 'part'), PARTS)
def test_handoff(name, part, file_format, slot, pretrained, tmp_path):
    source = pretrained(name)
    file = file_format(source, part, tmp_path)
    model = slot(source.method)
    coverage = load_backbone(model, file, part)
    assert coverage.ratio == 1.0
    assert all('rel_pos' in key for key in coverage.fresh)
    report = verify_backbone(model, file, part)
    assert report.features
    assert report.difference <= 1e-5
    held = source.backbone(part)
    loaded = {key: value for key, value in model.backbone.state_dict().items() if 'rel_pos' not in key}
    lost = [key for key, value in loaded.items() if not torch.equal(value, held[key])]
    assert len(loaded) > 30
    assert not lost


@pytest.mark.parametrize('program', PROGRAMS)
@pytest.mark.parametrize(('name', 'part'), PARTS)
def test_handoff_to_other_programs_and_back(name, part, program, pretrained, tmp_path, monkeypatch):
    monkeypatch.setattr(Source, 'image_size', property(lambda self: getattr(self.arch, 'image_size', 64)))
    source = pretrained(name, wide=True)
    if message := UNKNOWN.get((name, program)):
        with pytest.raises(CheckpointError, match=message):
            of_program(program, source, part, tmp_path)
        return
    file = of_program(program, source, part, tmp_path)
    held, back = source.backbone(part), read_network(file, part).weights
    assert back.keys() == held.keys()
    assert all(torch.equal(back[key], value) for key, value in held.items())
    model = detector(source.method)
    assert load_backbone(model, file, part).ratio == 1.0


FILES = [own, official, exported, *(partial(of_program, program) for program in PROGRAMS)]
FAULTS = {
    'depth': ({**PLAIN_VIT, 'arch': {**ARCH, 'num_layers': 4}}, r'ViT of 3 blocks, .* backbone is a ViT of 4 blocks'),
    'width': ({**PLAIN_VIT, 'arch': {**ARCH, 'embed_dims': 24}}, r'16 wide, .* backbone is a ViT of .* 24 wide'),
    'family': (PLAIN_RESNET, r'holds a ViT of .* backbone is a ResNet18, 8 wide'),
}


@pytest.mark.parametrize('file_format', FILES, ids=['own', 'official', 'exported', *PROGRAMS])
@pytest.mark.parametrize('fault', FAULTS)
def test_another_network_is_named(fault, file_format, pretrained, tmp_path):
    source = pretrained('dino-vit')
    backbone, message = FAULTS[fault]
    file = file_format(source, 'student', tmp_path)
    with pytest.raises(CoverageError, match=rf'{file.name}" .*{message}'):
        load_backbone(segmentor(replace(source.method, segmentor=backbone)), file)


@pytest.mark.parametrize('file_format', FILES, ids=['own', 'official', 'exported', *PROGRAMS])
def test_truncated_file_is_named(file_format, pretrained, tmp_path):
    source = pretrained('dino-vit')
    whole = file_format(source, 'student', tmp_path)
    cut = tmp_path / f'cut{whole.suffix}'
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    with pytest.raises(CheckpointError, match=rf'cut{whole.suffix}" is a? ?damaged'):
        load_backbone(segmentor(source.method), cut)
