"""Official MAE-priv weights under our names: complete files there and back, and known without being told."""

from pathlib import Path

import pytest
import torch
from golden.mae_priv_models import body, places, pooled
from mmpretrain.models import VisionTransformer
from torch import nn

from sslrecipes.checkpoint.conversion.convert import convert_file, our_weights
from sslrecipes.checkpoint.conversion.families import detect_family
from sslrecipes.checkpoint.conversion.keymaps import KEYMAPS
from sslrecipes.checkpoint.conversion.layouts import unwrap
from sslrecipes.checkpoint.files.reading import read_checkpoint
from sslrecipes.checkpoint.files.writing import save_torch
from sslrecipes.checkpoint.loading import load_pretrained
from sslrecipes.checkpoint.networks import read_network
from sslrecipes.config.reading import read_config
from sslrecipes.errors import CoverageError
from sslrecipes.export.backbone import export_backbone, read_backbone
from sslrecipes.export.official_mae import convert_from_mae, convert_to_mae
from sslrecipes.models.backbones import MAEPrivFineTuneViT, MAEPrivViT

CONFIGS = Path(__file__).parents[2]

CASES = ['pretrain_gap', 'pretrain_cls', 'finetune_gap', 'finetune_cls', 'linprobe_gap_sgd', 'linprobe_cls_lars']
CASES += ['attention_rollout', 'grad_rollout', 'reconstruction']
EVERY_CASE = pytest.mark.golden(*(f'mae_priv/{name}' for name in CASES))


def bit_equal(first, second):
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


@EVERY_CASE
def test_there_and_back(case, tmp_path):
    state = case.part('state/')
    assert detect_family(state) == 'mae-priv'
    save_torch(tmp_path / 'official.pth', {'model': state, 'optimizer': {}, 'epoch': 99, 'scaler': {}})
    assert convert_file(tmp_path / 'official.pth', tmp_path / 'ours.pth', to='ours') == []
    assert convert_file(tmp_path / 'ours.pth', tmp_path / 'back.pth', to='mae-priv') == []
    assert bit_equal(unwrap(read_checkpoint(tmp_path / 'back.pth'))[0], state)


@EVERY_CASE
def test_entries_and_prefixes(case):
    state = case.part('state/')
    ours = KEYMAPS['mae-priv'].to_ours(state)
    for prefix in ('', 'module.', 'backbone.', 'module.backbone.'):
        named = {f'{prefix}{name}': value for name, value in state.items()}
        for held in ({'model': named}, {'module': named}, named):
            assert bit_equal(our_weights(held, 'it'), ours)


@EVERY_CASE
def test_every_official_value_is_at_its_place(case):
    state = case.part('state/')
    ours = KEYMAPS['mae-priv'].to_ours(state)
    place_of = places(state)
    for name, value in state.items():
        our_name, rows = place_of[name]
        assert torch.equal(ours[our_name][rows] if value.ndim else ours[our_name], value)
    keys = [value.chunk(3)[1] for name, value in ours.items() if name.endswith('qkv.bias')]
    assert keys
    assert not any(key.any() for key in keys)
    assert sum(value.numel() for value in ours.values()) == sum(value.numel() for value in state.values()) + sum(
        key.numel() for key in keys
    )


@pytest.fixture
def file(case, tmp_path):
    """The case's weights in a file of MAE-priv."""
    save_torch(tmp_path / 'official.pth', {'model': case.part('state/'), 'epoch': 99})
    return tmp_path / 'official.pth'


def vit(hyper, kind=MAEPrivFineTuneViT, **options):
    return kind(**{**body(hyper), **options})


@EVERY_CASE
def test_backbones_are_read_by_everything(case, file, tmp_path):
    ours = KEYMAPS['mae-priv'].to_ours(case.part('state/'))
    bare = {name.removeprefix('backbone.'): value for name, value in ours.items() if name.startswith('backbone.')}
    assert bit_equal(read_network(file).weights, bare)
    assert bit_equal(read_backbone(file).weights, bare)
    export_backbone(file, tmp_path / 'bare.safetensors')
    assert bit_equal(read_network(tmp_path / 'bare.safetensors').weights, bare)
    export_backbone(file, tmp_path / 'bare.pth', file_format='official')
    assert bit_equal(read_network(tmp_path / 'bare.pth').weights, bare)


@EVERY_CASE
def test_features_are_read_from_every_file(case, file):
    """The networks of k-NN and probes take pre-trained, fine-tuned and probed weights alike."""
    options = read_config(CONFIGS / 'configs/_base_/models/mae_priv/vit-small-p16_features.py').model.backbone
    kept = {name: options[name] for name in ('out_type', 'final_norm')}
    target = vit(case.hyper, VisionTransformer, **kept)
    assert load_pretrained(target, file, prefix='backbone.').complete


@pytest.mark.golden('mae_priv/finetune_gap', 'mae_priv/finetune_cls')
def test_fine_tuned_classifier(case, file, close):
    head = nn.ModuleDict({'fc': nn.Linear(case.hyper['embed_dim'], case.hyper['num_classes'])})
    backbone = vit(case.hyper, **pooled(case.hyper['use_cls_token']))
    model = nn.ModuleDict({'backbone': backbone, 'head': head}).eval()
    assert load_pretrained(model, file).complete
    with torch.no_grad():
        close(model.head.fc(model.backbone(case['in/imgs'])[-1]), case['out/logits'])


@pytest.mark.golden('mae_priv/pretrain_gap', 'mae_priv/pretrain_cls')
def test_pre_trained_into_a_classifier_whose_norm_is_fresh(case, file):
    with_cls_token = case.hyper['use_cls_token']
    backbone = vit(case.hyper, **pooled(with_cls_token))
    norm = 'ln1.' if with_cls_token else 'ln2.'
    backbone.init_cfg = dict(type='Pretrained', checkpoint=str(file), prefix='backbone.', ignore=('ln1.', norm))
    backbone.init_weights()
    assert torch.equal(backbone.layers[0].attn.proj.weight, case['state/encoder.blocks.0.attn.proj.weight'])


@pytest.mark.golden('mae_priv/pretrain_gap', 'mae_priv/pretrain_cls')
def test_pre_trained_into_the_other_kind(case, file):
    has, wants = ('a', 'none') if case.hyper['use_cls_token'] else ('no', 'one')
    other = not case.hyper['use_cls_token']
    target = vit(case.hyper, with_cls_token=other, **pooled(other))
    message = rf"^The file's network has {has} class token, the model's has {wants}: set with_cls_token={not other} in "
    with pytest.raises(CoverageError, match=message):
        load_pretrained(target, file, prefix='backbone.', ignore=('ln1.', 'ln2.'))


@pytest.mark.golden('mae_priv/pretrain_gap', 'mae_priv/pretrain_cls')
def test_pre_trained_with_patches_of_another_size(case, file):
    size = 2 * case.hyper['patch_size']
    target = vit(case.hyper, MAEPrivViT, patch_size=size, img_size=2 * case.hyper['img_size'])
    message = (
        rf"^The file's network has patches of {size // 2} px, the model's of {size} px: set patch_size={size // 2}"
    )
    with pytest.raises(CoverageError, match=message):
        load_pretrained(target, file, prefix='backbone.')


@pytest.mark.golden('mae_priv/pretrain_gap', 'mae_priv/pretrain_cls')
def test_as_a_file_of_mae_and_back(case, file, tmp_path):
    convert_to_mae(file, tmp_path / 'mae.pth')
    convert_from_mae(tmp_path / 'mae.pth', tmp_path / 'ours.pth')
    assert bit_equal(
        KEYMAPS['mae-priv'].to_official(read_checkpoint(tmp_path / 'ours.pth')['state_dict']), case.part('state/')
    )
