import json

import pytest
import torch
from mmpretrain.models import ClsDataPreprocessor, ResNet, VisionTransformer
from torch import nn

from sslrecipes.checkpoint.files.writing import save_safetensors, save_torch
from sslrecipes.checkpoint.loading import load_pretrained
from sslrecipes.checkpoint.stated import TrainingFacts, facts_of
from sslrecipes.checkpoint.used_alike import check_parts_used_alike, check_used_alike
from sslrecipes.errors import CheckpointError

ARCH = dict(embed_dims=16, num_layers=1, num_heads=4, feedforward_channels=32)
PIXELS = dict(mean=[120, 110, 100], std=[60, 50, 40], to_rgb=True)
CONFIG = f"""
model = dict(type='MAE', backbone=dict(type='MaskedViT', arch={ARCH}, img_size=8), neck=dict(decoder_num_heads=2))
data_preprocessor = {PIXELS}
train_dataloader = dict(dataset=dict(pipeline=[dict(type='RandomResizedCrop', scale=8)]))
"""
META = {'cfg': CONFIG, 'epoch': 3}


def vit(heads=4, size=8):
    return VisionTransformer({**ARCH, 'num_heads': heads}, img_size=size, patch_size=4)


class Whole(nn.Module):
    def __init__(self, backbone, **pixels):
        super().__init__()
        self.backbone = backbone
        self.data_preprocessor = ClsDataPreprocessor(**{**PIXELS, **pixels})


@pytest.fixture
def warnings(monkeypatch):
    """What was logged."""
    texts = []
    monkeypatch.setattr('sslrecipes.checkpoint.used_alike.print_log', lambda text, **_: texts.append(text))
    return texts


def test_what_a_run_and_an_exported_file_tell():
    facts = facts_of(META)
    assert (facts.heads, facts.decoder_heads, facts.image_size, facts.to_rgb) == (4, 2, 8, True)
    assert (facts.mean, facts.std, facts.odd) == ((120, 110, 100), (60, 50, 40), ())
    exported = {'backbone': json.dumps({'arch': 'b'}), 'heads': '3', 'mean': '[1, 2, 3]', 'std': '[4, 5, 6]'}
    facts = facts_of(exported)
    assert (facts.heads, facts.image_size, facts.mean, facts.to_rgb) == (12, 224, (1, 2, 3), None)
    assert facts_of(None) == facts_of({}) == TrainingFacts()


@pytest.mark.parametrize(
    ('stated', 'odd'),
    [
        ({'backbone': '{'}, 'backbone'),
        ({'backbone': '[' * 100_000}, 'backbone'),
        ({'backbone': '[1]'}, 'backbone'),
        ({'heads': '1e400'}, 'heads'),
        ({'heads': '9' * 10_000}, 'heads'),
        ({'heads': '-3'}, 'heads'),
        ({'mean': '[NaN, 1, 2]'}, 'mean'),
        ({'mean': '["a"]'}, 'mean'),
        ({'std': '{}'}, 'std'),
        ({'backbone': json.dumps({'norm_cfg': {'type': 'subprocess.Popen', 'args': 'ls'}})}, 'norm_cfg'),
        ({'backbone': json.dumps({'norm_cfg': {'type': 'LN', 'eps': 'x'}})}, 'norm_cfg'),
        ({'backbone': json.dumps({'strides': [10**9] * 4})}, 'strides'),
        ({'backbone': json.dumps({'dilations': 'x'})}, 'dilations'),
        ({'backbone': json.dumps({'style': ['caffe']})}, 'style'),
    ],
)
def test_what_can_not_be_meant_is_unknown_and_nothing_is_built_of_it(stated, odd):
    facts = TrainingFacts.of(stated)
    assert facts.odd == (odd,)
    assert not facts.backbone
    with pytest.raises(CheckpointError, match=f'as "{odd}" is not supported'):
        facts.refuse_odd()


@pytest.mark.parametrize(
    'bomb', ['model = ' + '[' * 50_000, 'model = {[]: 1}', 'model = \0', 'm' * (3 << 20), 'x = [(' * 90]
)
def test_texts_that_are_no_config(bomb):
    assert facts_of({'cfg': bomb}) == TrainingFacts()


def test_another_number_of_heads_is_refused(warnings):
    check_used_alike(vit(), facts_of(META), 'a.pth')
    for model in (vit(8), Whole(vit(8))):
        with pytest.raises(CheckpointError, match=r'"a.pth": it was trained with 4 heads, the model has 8'):
            check_used_alike(model, facts_of(META), 'a.pth')
    model = Whole(vit())
    model.neck = nn.Module()
    model.neck.decoder_blocks = vit(1).layers
    with pytest.raises(CheckpointError, match='2 heads in the decoder, the model has 1'):
        check_used_alike(model, facts_of(META), 'a.pth')


@pytest.mark.parametrize(
    ('pixels', 'size', 'words'),
    [
        ({}, 8, None),
        ({'mean': [0] * 3}, 8, 'with mean 120, 110, 100 and standard deviation 60, 50, 40, but the model takes mean 0'),
        ({'mean': [120, 110, 0]}, 8, 'but the model takes mean 120, 110, 0'),
        ({'std': [1, 1, 1]}, 8, 'the model takes mean 120, 110, 100 and standard deviation 1, 1, 1'),
        ({'mean': None, 'std': None}, 8, 'takes them as they are'),
        ({'to_rgb': False}, 8, 'whose channels were swapped to RGB, the model leaves them'),
        ({}, 16, 'of 8 px, the model is for 16 px'),
    ],
)  # fmt: skip
def test_other_pictures_are_told(warnings, pixels, size, words):
    check_used_alike(Whole(vit(size=size), **pixels), facts_of(META), 'a.pth')
    assert len(warnings) == (words is not None)
    assert all('"a.pth" was trained on pictures' in text and words in text for text in warnings)


def test_other_strides_are_told_except_to_detectors(warnings):
    facts = facts_of({'cfg': "model = dict(backbone=dict(type='ResNet', depth=18, strides=(1, 1, 2, 2)))"})
    check_used_alike(ResNet(18, strides=(1, 1, 2, 2)), facts, 'a.pth')
    check_used_alike(ResNet(18), facts, 'a.pth', sizes=False)
    assert warnings == []
    check_used_alike(ResNet(18), facts, 'a.pth')
    assert warnings == ['"a.pth" was trained with strides=[1, 1, 2, 2] in the backbone, the model has [1, 2, 2, 2].']


def test_stages_that_one_of_them_lacks_are_no_other_strides(warnings):
    settings = 'num_stages=3, strides=(1, 2, 2), dilations=(1, 1, 1), out_indices=(2,)'
    facts = facts_of({'cfg': f"model = dict(backbone=dict(type='ResNet', depth=18, {settings}))"})
    check_used_alike(ResNet(18), facts, 'a.pth')
    assert warnings == []
    check_used_alike(ResNet(18, strides=(1, 2, 1, 2)), facts, 'a.pth')
    assert 'the model has [1, 2, 1, 2]' in warnings[0]


@pytest.mark.parametrize('suffix', ['.pth', '.safetensors'])
def test_a_backbone_that_was_filled_is_compared_within_its_model(warnings, tmp_path, suffix):
    path, state = tmp_path / f'a{suffix}', vit().state_dict()
    if suffix == '.pth':
        save_torch(path, {'state_dict': {f'backbone.{name}': value for name, value in state.items()}, 'meta': META})
    else:
        save_safetensors(path, state, {'heads': '4', 'mean': '[120, 110, 100]', 'std': '[60, 50, 40]'})
    model = Whole(vit(), mean=[1, 1, 1])
    load_pretrained(model.backbone, path, prefix='backbone.')
    assert warnings == []
    check_parts_used_alike(model)
    assert 'mean 120, 110, 100' in warnings[0]
    warnings.clear()
    check_parts_used_alike(Whole(model.backbone), picture_size=16)
    assert ['on pictures of 8 px, those of this run have 16 px' in text for text in warnings] == [True] * len(warnings)
    assert bool(warnings) == (suffix == '.pth')
    other = vit(2)
    before = other.layers[0].attn.qkv.weight.clone()
    with pytest.raises(CheckpointError, match='trained with 4 heads, the model has 2'):
        load_pretrained(other, path)
    assert torch.equal(before, other.layers[0].attn.qkv.weight)
