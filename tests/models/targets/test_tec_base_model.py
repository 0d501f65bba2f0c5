"""The base model: targets, and every wrong file refused with a name."""

import os

import pytest
import torch
from safetensors.torch import save_file

from sslrecipes.checkpoint.conversion.keymaps import KEYMAPS
from sslrecipes.errors import CheckpointError, ConfigError, CoverageError
from sslrecipes.registry import MODELS

ARCH = dict(embed_dims=16, num_layers=3, num_heads=2, feedforward_channels=64)


def base(checkpoint=None, arch=ARCH, patch_size=4, **kwargs):
    return MODELS.build(
        dict(
            type='TECBaseModel', arch=arch, img_size=16, patch_size=patch_size, topk=3, checkpoint=checkpoint, **kwargs
        )
    )


@pytest.fixture
def official():
    """An official MAE state of the right size, with the final norm the base model doesn't use."""
    torch.manual_seed(1)
    vit = MODELS.build(dict(type='VisionTransformer', arch=ARCH, img_size=16, patch_size=4, out_type='raw'))
    for param in vit.parameters():
        torch.nn.init.normal_(param.data, std=0.2)
    return KEYMAPS['mae'].to_official({f'backbone.{name}': value for name, value in vit.state_dict().items()})


def test_stays_frozen_in_eval_mode():
    model = base()
    model.train()
    assert not any(module.training for module in model.modules())
    assert not any(param.requires_grad for param in model.parameters())


def test_needs_a_checkpoint():
    with pytest.raises(ConfigError, match=r'target_generator\.checkpoint'):
        base().init_weights()


def save(name, state, folder):
    path = folder / f'{name}.pth'
    torch.save(state, path)
    return str(path)


def test_official_wrappings_give_the_same_targets(official, tmp_path):
    ibot = {**official, 'masked_embed': torch.zeros(1, 16)}
    student = {f'module.backbone.{name}': value for name, value in ibot.items()}
    student['module.head.mlp.0.weight'] = torch.zeros(2, 2)
    teacher = {f'backbone.{name}': value + 1 for name, value in ibot.items()}
    files = {
        'mae': {'model': official},
        'ibot_backbone': {'state_dict': ibot},
        'bare': official,
        'ibot_full': {'student': student, 'teacher': teacher},
    }
    images, targets = torch.randn(2, 3, 16, 16), {}
    for name, content in files.items():
        model = base(save(name, content, tmp_path))
        model.init_weights()
        targets[name] = model(images)
    for name in files:
        assert torch.equal(targets[name].feature, targets['mae'].feature), name
        assert torch.equal(targets[name].query_ids, targets['mae'].query_ids), name
    other = base(save('ibot_full', files['ibot_full'], tmp_path), weights='teacher')
    other.init_weights()
    assert not torch.equal(other(images).feature, targets['mae'].feature)


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (dict(arch=ARCH | dict(num_layers=4)), r'missing: .*layers\.3'),
        (dict(arch=ARCH | dict(num_layers=2)), r'deeper network: .*layers\.2'),
        (dict(arch=ARCH | dict(embed_dims=32)), r'other shape: .*cls_token'),
        (dict(patch_size=8), r'other shape: .*patch_embed'),
    ],
)
def test_wrong_size_is_refused_before_anything_is_loaded(official, tmp_path, change, message):
    model = base(save('mae', {'model': official}, tmp_path), **change)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    with pytest.raises(CoverageError, match=message):
        model.init_weights()
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_wrong_family_is_refused(tmp_path):
    resnet = {'conv1.weight': torch.zeros(64, 3, 7, 7), 'layer1.0.conv1.weight': torch.zeros(64, 64, 1, 1)}
    with pytest.raises(CheckpointError, match='resnet'):
        base(save('resnet', {'state_dict': resnet}, tmp_path)).init_weights()


def test_truncated_file_is_refused(official, tmp_path):
    path = save('mae', {'model': official}, tmp_path)
    with open(path, 'r+b') as file:  # noqa: PTH123  truncate() of an open file
        file.truncate(os.path.getsize(path) // 2)  # noqa: PTH202
    with pytest.raises(CheckpointError, match=r'mae\.pth'):
        base(path).init_weights()


class Payload:
    def __init__(self, sentinel):
        self.sentinel = sentinel

    def __reduce__(self):
        return os.mkdir, (self.sentinel,)


def test_code_in_a_file_is_not_executed(official, tmp_path):
    sentinel = tmp_path / 'executed'
    path = save('evil', {'model': official, 'extra': Payload(str(sentinel))}, tmp_path)
    with pytest.raises(CheckpointError, match='mkdir'):
        base(path).init_weights()
    assert not sentinel.exists()


def test_tec_checkpoint_as_base_gets_its_token_baked(tmp_path):
    student = MODELS.build(dict(type='TECViT', arch=ARCH, img_size=16, patch_size=4, out_type='raw'))
    for param in student.parameters():
        torch.nn.init.normal_(param.data, std=0.2)
    state = {f'backbone.{name}': value for name, value in student.state_dict().items()}
    save_file(state, tmp_path / 'tec.safetensors')
    model = base(str(tmp_path / 'tec.safetensors'))
    model.init_weights()
    torch.testing.assert_close(model.cls_token, student.class_token())
