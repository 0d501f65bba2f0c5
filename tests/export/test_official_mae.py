"""Pre-trainings of MAE-priv as files of facebookresearch/mae, and back."""

import importlib.util
from pathlib import Path

import pytest
import torch
from torch import nn

from sslrecipes.checkpoint.conversion.convert import convert_file
from sslrecipes.checkpoint.conversion.keymaps import KEYMAPS
from sslrecipes.checkpoint.files.reading import read_checkpoint
from sslrecipes.checkpoint.files.writing import save_safetensors, save_torch
from sslrecipes.errors import CheckpointError
from sslrecipes.export import official_mae
from sslrecipes.export.official_mae import convert_from_mae, convert_to_mae
from sslrecipes.models.backbones import MAEPrivViT
from sslrecipes.models.necks import MAEPrivDecoder

ARCH = dict(embed_dims=32, num_layers=2, num_heads=4, feedforward_channels=48)
CONFIG = (
    "model = dict(type='MAEPriv', backbone=dict(type='MAEPrivViT', arch=dict(embed_dims=32, num_layers=2, num_heads=4, "
    'feedforward_channels=48)), neck=dict(decoder_num_heads=2), head=dict(channel_first={}))\n'
)


@pytest.fixture(scope='module')
def weights():
    """``weights[True]``: of a network with class token, all different; ``[False]``: without."""
    torch.manual_seed(0)
    return {token: _weights(token) for token in (False, True)}


def _weights(with_cls_token):
    backbone = MAEPrivViT(ARCH, img_size=16, patch_size=4, with_cls_token=with_cls_token)
    neck = MAEPrivDecoder(num_patches=16, patch_size=4, embed_dim=32, decoder_embed_dim=16, decoder_depth=1)
    state = {f'{part}.{name}': value for part, net in (('backbone', backbone), ('neck', neck)) for name, value in
             net.state_dict().items()}  # fmt: skip
    return {name: torch.randn_like(value) * (0.2 if value.dim() > 1 else 0.5) for name, value in state.items()}


@pytest.fixture
def checkpoint(weights, tmp_path):
    """``checkpoint(with_cls_token)``: a file of ours."""

    def save(with_cls_token, channel_first=True):
        save_torch(
            tmp_path / 'a.pth', {'state_dict': weights[with_cls_token], 'meta': {'cfg': CONFIG.format(channel_first)}}
        )
        return tmp_path / 'a.pth'

    return save


def same(first, second):
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


@pytest.mark.parametrize('suffix', ['.pth', '.safetensors'])
@pytest.mark.parametrize('with_cls_token', [False, True])
def test_there_and_back(weights, checkpoint, tmp_path, with_cls_token, suffix):
    result = convert_to_mae(checkpoint(with_cls_token), tmp_path / f'mae{suffix}')
    held = read_checkpoint(tmp_path / f'mae{suffix}')['model' if suffix == '.pth' else 'state_dict']
    assert held['decoder_pos_embed'].shape == (1, 16 + with_cls_token, 16)
    assert 'checked: MAE-priv with "mae' in result.notes[0]
    assert 'largest differences: latent ' in result.notes[0]
    assert 'num_heads=4, mlp_ratio=1.5, decoder_embed_dim=16, decoder_depth=1, decoder_num_heads=2' in result.notes[-1]
    convert_from_mae(tmp_path / f'mae{suffix}', tmp_path / 'back.pth')
    assert same(read_checkpoint(tmp_path / 'back.pth')['state_dict'], weights[with_cls_token])


def test_what_mae_does_with_the_class_token_is_said(checkpoint, tmp_path):
    notes = convert_to_mae(checkpoint(False), tmp_path / 'b.pth').notes
    assert notes[1].startswith('facebookresearch/mae always has a class token: ')
    notes = convert_to_mae(checkpoint(True), tmp_path / 'b.pth').notes
    share = float(notes[1].removesuffix('% (RMS)').rpartition(' ')[2])
    assert 0 < share < 100
    assert notes[1] in convert_from_mae(tmp_path / 'b.pth', tmp_path / 'c.pth').notes


def test_from_an_official_file(weights, tmp_path):
    save_torch(tmp_path / 'a.pth', {'model': KEYMAPS['mae-priv'].to_official(weights[True])})
    convert_to_mae(tmp_path / 'a.pth', tmp_path / 'b.pth', family='mae-priv')
    convert_from_mae(tmp_path / 'b.pth', tmp_path / 'c.pth')
    ours = KEYMAPS['mae-priv'].to_ours(KEYMAPS['mae-priv'].to_official(weights[True]))
    assert same(read_checkpoint(tmp_path / 'c.pth')['state_dict'], ours)


def test_other_decoders_and_odd_numbers_of_patches(tmp_path):
    backbone = MAEPrivViT({**ARCH, 'embed_dims': 200}, img_size=12, patch_size=4, with_cls_token=True)
    neck = MAEPrivDecoder(
        num_patches=9, patch_size=4, embed_dim=200, decoder_embed_dim=16, decoder_depth=1, mlp_ratio=2
    )
    state = nn.ModuleDict({'backbone': backbone, 'neck': neck}).state_dict()
    save_torch(tmp_path / 'a.pth', {'model': KEYMAPS['mae-priv'].to_official(state)})
    notes = convert_to_mae(tmp_path / 'a.pth', tmp_path / 'b.pth').notes
    assert 'the encoders agree' in notes[1]


def test_pixels_in_maes_order_stay(weights, checkpoint, tmp_path):
    convert_to_mae(checkpoint(False, channel_first=False), tmp_path / 'b.pth')
    rows = read_checkpoint(tmp_path / 'b.pth')['model']['decoder_pred.weight']
    assert torch.equal(rows, weights[False]['neck.decoder_pred.weight'])


def test_wrong_weights_leave_no_file(checkpoint, tmp_path, monkeypatch):
    monkeypatch.setattr(official_mae, 'as_mae', lambda state, channel_first: state)
    with pytest.raises(CheckpointError, match=r'a.pth": Nothing was written: .* gives another "picture"'):
        convert_to_mae(checkpoint(False), tmp_path / 'b.pth')
    assert not (tmp_path / 'b.pth').exists()


def test_plain_conversion_refuses(checkpoint, tmp_path):
    with pytest.raises(CheckpointError, match='pixels of MAE-priv lie in another order: convert it by tools/'):
        convert_file(checkpoint(True), tmp_path / 'b.pth', to='mae')


def test_files_of_mae_stay_files_of_mae(checkpoint, tmp_path):
    convert_to_mae(checkpoint(False), tmp_path / 'b.pth')
    with pytest.raises(CheckpointError, match=r'b.pth": it holds weights of family "mae"; one side'):
        convert_to_mae(tmp_path / 'b.pth', tmp_path / 'c.pth')
    with pytest.raises(
        CheckpointError, match=r'a.pth": it is no file of facebookresearch/mae with encoder and decoder'
    ):
        convert_from_mae(checkpoint(False), tmp_path / 'c.pth')


def test_encoders_go_the_plain_way(weights, tmp_path):
    for with_cls_token, notes in ((False, (official_mae._NO_TOKEN,)), (True, ())):
        encoder = {name: value for name, value in weights[with_cls_token].items() if name.startswith('backbone.')}
        save_safetensors(tmp_path / 'a.safetensors', encoder)
        assert convert_to_mae(tmp_path / 'a.safetensors', tmp_path / 'b.pth').notes == notes
    assert 'blocks.1.attn.qkv.bias' in read_checkpoint(tmp_path / 'b.pth')['model']


def test_tool(checkpoint, tmp_path, capsys):
    path = Path(__file__).parents[2] / 'tools' / 'convert_checkpoint.py'
    spec = importlib.util.spec_from_file_location('tools_convert_checkpoint', path)
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    tool.main([str(checkpoint(True)), str(tmp_path / 'b.pth'), '--to', 'mae'])
    tool.main([str(tmp_path / 'b.pth'), str(tmp_path / 'c.pth'), '--channel-first'])
    printed = capsys.readouterr().out.splitlines()
    assert [line.split(' ')[0] for line in printed] == [
        'Wrote',
        'checked:',
        "MAE's",
        'load',
        'Wrote',
        'checked:',
        "MAE's",
    ]
    with pytest.raises(SystemExit):
        tool.main(['a', 'b', '--to', 'mae', '--channel-first'])
    assert '--channel-first is for files of family mae' in capsys.readouterr().err
