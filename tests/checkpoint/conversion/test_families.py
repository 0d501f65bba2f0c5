import pytest
import torch

from sslrecipes.checkpoint.conversion.convert import convert_file, our_weights, to_official, to_ours
from sslrecipes.checkpoint.conversion.families import detect_family
from sslrecipes.checkpoint.conversion.keymaps import KEYMAPS, KeyMap
from sslrecipes.checkpoint.conversion.keymaps.layout import Layout, in_ddp, in_entry
from sslrecipes.checkpoint.conversion.keymaps.vit import BODY
from sslrecipes.checkpoint.conversion.layouts import unwrap
from sslrecipes.checkpoint.files.reading import read_checkpoint
from sslrecipes.checkpoint.files.writing import save_torch
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


def test_a_new_family_is_its_key_map_and_its_line_in_the_table(monkeypatch, tmp_path):
    """It is known by a mark, although its body is everybody's, and read, written and refused as it says."""
    rules = (*BODY, *((f'net.{theirs}', ours) for theirs, ours in BODY), ('toy', 'head.toy'))
    toy = KeyMap(
        'toy',
        rules,
        marks=('toy',),
        layout=Layout(in_entry('model')),
        misfit=lambda ours: 'it is odd.' if 'odd' in ours else None,
    )
    twin = ('net.cls_token',)
    ddp = KeyMap('toy-ddp', rules, marks=twin, layout=in_ddp(twin, {'net': 'net', 'ema': 'net'}))
    for keymap in (toy, ddp):
        monkeypatch.setitem(KEYMAPS, keymap.family, keymap)
    state = {**{f'patch_embed.proj.{leaf}': torch.zeros(2, 2) for leaf in ('weight', 'bias')}, 'toy': torch.ones(1)}
    save_torch(tmp_path / 'official.pth', {'model': state})
    assert convert_file(tmp_path / 'official.pth', tmp_path / 'ours.pth', to='ours', family='toy') == []
    assert convert_file(tmp_path / 'ours.pth', tmp_path / 'back.pth', to='toy') == []
    assert read_checkpoint(tmp_path / 'back.pth')['model'].keys() == state.keys()
    networks = {'state_dict': {f'module.{net}.cls_token': torch.ones(1) for net in ('net', 'ema')}}
    assert our_weights(networks, 'a', 'ema') == {'backbone.cls_token': networks['state_dict']['module.ema.cls_token']}
    save_torch(tmp_path / 'odd.pth', {'state_dict': {'backbone.a': torch.ones(1), 'odd': torch.ones(1)}})
    with pytest.raises(CheckpointError, match='it is odd'):
        convert_file(tmp_path / 'odd.pth', tmp_path / 'x.pth', to='toy')
