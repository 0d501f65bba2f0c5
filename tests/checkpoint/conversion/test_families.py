import pytest

from sslrecipes.checkpoint.conversion.convert import to_official, to_ours
from sslrecipes.checkpoint.conversion.families import detect_family
from sslrecipes.checkpoint.conversion.layouts import unwrap
from sslrecipes.errors import CheckpointError


@pytest.mark.parametrize(
    ('case', 'part', 'family'),
    [
        ('mae/official_pretrain', 'state/', 'mae'),
        ('mae/official_finetune_gap', 'state/', 'mae'),
        ('tec/pretrain', 'state/student/', 'tec'),
        ('tec/pretrain_no_mlp', 'state/student/', 'tec'),
        ('tec/finetune_forward', 'state/', 'tec'),
    ],
)
def test_family_is_detected(official, case, part, family):
    state = official(case, part)
    assert detect_family(state) == family
    assert detect_family(to_ours(state, family)) is None


def test_family_of_bare_bodies_is_detected(official):
    state = {name: value.clone() for name, value in official('mae/official_finetune_cls').items() if 'head' not in name}
    state['pos_embed'][:, 0] = 0
    assert detect_family(state) == 'mae'
    state['pos_embed'][:, 0] = 1
    assert detect_family(state) == 'ibot'
    assert detect_family({name: value for name, value in state.items() if 'norm.' not in name}) == 'tec'


@pytest.mark.parametrize('family', ['dino', 'sslight-dino', 'sslight-swav', 'sslight-moco'])
def test_family_of_full_checkpoints_is_detected(full_checkpoint, family):
    state = unwrap(full_checkpoint(family))[0]
    assert detect_family(state) == family
    assert detect_family(to_ours(state, family)) is None


def test_moco_of_one_layer():
    assert detect_family({'encoder_q.head.mlp.weight': 0, 'encoder_q.backbone.encoder.0.weight': 0}) == 'sslight-moco'


def test_teacher_of_ibot_is_known_by_its_head(official):
    state = {name: value for name, value in official('tec/base_model').items() if name != 'masked_embed'}
    assert detect_family(state | {'head.mlp.0.weight': 0, 'head.last_layer.weight_g': 0}) == 'ibot'


def test_only_mobilenets_of_torchvision_show():
    """A ResNet has the names of ours."""
    assert detect_family({'features.0.0.weight': 0, 'classifier.1.weight': 0}) == 'torchvision'
    assert detect_family({'conv1.weight': 0, 'layer1.0.conv1.weight': 0, 'fc.weight': 0}) is None


OTHER_PROGRAMS = {
    'detectron2': {'stem.conv1.weight': 'conv1.weight', 'res3.0.shortcut.norm.bias': 'layer2.0.downsample.1.bias'},
    'timm-mobilenetv2': {'conv_stem.weight': 'conv1.conv.weight', 'bn2.bias': 'conv2.bn.bias'},
    'torchvision-vit': {'conv_proj.weight': 'patch_embed.projection.weight', 'class_token': 'cls_token'},
}
CLASSIFIERS = {
    'detectron2': 'stem.fc.bias',
    'timm-mobilenetv2': 'classifier.bias',
    'torchvision-vit': 'heads.head.bias',
}


@pytest.mark.parametrize('family', OTHER_PROGRAMS)
def test_networks_of_other_programs_are_known_by_their_stem_and_lose_their_classifier(family):
    names = OTHER_PROGRAMS[family]
    state = {**dict.fromkeys(names, 1), CLASSIFIERS[family]: 2}
    assert detect_family(state) == family
    ours = to_ours(state, family)
    assert ours == {f'backbone.{name}': 1 for name in names.values()}
    assert detect_family(ours) is None
    assert to_official({**ours, 'neck.fc.bias': 2, 'head.fc.bias': 2}, family) == dict.fromkeys(names, 1)


def test_vitdet_of_detectron2():
    assert detect_family({'backbone.net.pos_embed': 0}) == 'detectron2'
    with pytest.raises(CheckpointError, match=r'unknown to family "detectron2": backbone.net.blocks.0.attn.rel_pos_h'):
        to_ours({'backbone.net.pos_embed': 0, 'backbone.net.blocks.0.attn.rel_pos_h': 0}, 'detectron2')


def test_other_students_and_encoders_are_not_sslights():
    """Semi-supervised detectors of mmdet are nobody's, MoCo of facebookresearch is a family of its own."""
    assert detect_family({'student.backbone.conv1.weight': 0, 'teacher.backbone.conv1.weight': 0}) is None
    assert detect_family({'encoder_q.conv1.weight': 0, 'encoder_k.conv1.weight': 0, 'queue': 0}) == 'moco'
