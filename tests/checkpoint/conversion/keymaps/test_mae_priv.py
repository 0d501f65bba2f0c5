"""What is special about files of MAE-priv: biases in parts, old files, and look-alikes."""

import pytest
import torch

from sslrecipes.checkpoint.conversion.convert import convert_file
from sslrecipes.checkpoint.conversion.families import detect_family
from sslrecipes.checkpoint.conversion.keymaps import KEYMAPS
from sslrecipes.checkpoint.files.reading import read_checkpoint
from sslrecipes.checkpoint.files.writing import save_torch
from sslrecipes.errors import CheckpointError

MAE_PRIV = KEYMAPS['mae-priv']


@pytest.fixture
def pretrained(official):
    return official('mae_priv/pretrain_cls')


@pytest.fixture
def finetuned(official):
    return official('mae_priv/finetune_gap')


def test_key_biases_have_no_official_place(tmp_path, finetuned):
    state = MAE_PRIV.to_ours(finetuned)
    bias = state['backbone.layers.1.attn.qkv.bias']
    width = len(bias) // 3
    bias[width : 2 * width] = 1
    save_torch(tmp_path / 'ours.pth', {'state_dict': state})
    left_out = convert_file(tmp_path / 'ours.pth', tmp_path / 'official.pth', to='mae-priv')
    assert left_out == ['the key biases of 1 attention layers, which have no effect']
    back = read_checkpoint(tmp_path / 'official.pth')['model']
    assert back.keys() == finetuned.keys()
    assert all(torch.equal(back[name], value) for name, value in finetuned.items())


def test_norm_that_a_probe_skips_has_no_official_place(tmp_path, official):
    probe = official('mae_priv/linprobe_gap_sgd')
    norm = {f'backbone.ln1.{leaf}': torch.ones(len(probe['head.weight'][0])) for leaf in ('weight', 'bias')}
    save_torch(tmp_path / 'ours.pth', {'state_dict': MAE_PRIV.to_ours(probe) | norm})
    assert convert_file(tmp_path / 'ours.pth', tmp_path / 'official.pth', to='mae-priv') == [*norm]
    assert read_checkpoint(tmp_path / 'official.pth')['model'].keys() == probe.keys()


def test_bias_that_old_files_lack_is_zero(pretrained):
    ours = MAE_PRIV.to_ours({name: pretrained[name] for name in pretrained if name != 'encoder_to_decoder.bias'})
    bias = ours['neck.decoder_embed.bias']
    assert bias.shape == pretrained['encoder_to_decoder.bias'].shape
    assert not bias.any()


def test_encoder_alone(pretrained):
    encoder = {name: value for name, value in pretrained.items() if name.startswith('encoder.')}
    ours = MAE_PRIV.to_ours(encoder)
    assert ours.keys() == {name for name in MAE_PRIV.to_ours(pretrained) if name.startswith('backbone.')}
    assert MAE_PRIV.to_official(ours).keys() == encoder.keys()
    bare = {name.removeprefix('encoder.'): value for name, value in encoder.items()}
    assert MAE_PRIV.to_ours(bare).keys() == ours.keys()


@pytest.mark.parametrize(
    'name',
    [
        'blocks.0.gamma_1',
        'rel_pos_bias.relative_position_bias_table',
        'blocks.0.attn.relative_position_index',
        'lm_head.weight',
        'blocks.0.attn.k_bias',
    ],
)
def test_beit_is_not_taken_for_it(finetuned, name):
    state = {**finetuned, name: torch.ones(2)}
    assert detect_family(state) == 'mae-priv'
    with pytest.raises(CheckpointError, match=f'it has "{name}", which no network of MAE-priv has: files of BEiT'):
        MAE_PRIV.to_ours(state)


def test_mmpretrains_beit_is_no_file_of_it():
    assert detect_family({'backbone.layers.0.attn.q_bias': torch.ones(2), 'backbone.ln1.weight': torch.ones(2)}) is None


def test_half_a_bias(finetuned):
    del finetuned['blocks.1.attn.v_bias']
    with pytest.raises(CheckpointError, match=r"it lacks 'blocks.1.attn.v_bias', the other half of a bias"):
        MAE_PRIV.to_ours(finetuned)


def test_names_without_values(finetuned):
    assert MAE_PRIV.to_ours({'blocks.1.attn.q_bias': None}) == {'backbone.layers.1.attn.qkv.bias': None}
    assert MAE_PRIV.knows(finetuned)
    assert not MAE_PRIV.knows([*finetuned, 'neck.weight'])


def test_networks_that_mae_priv_does_not_have(pretrained, finetuned):
    seen = MAE_PRIV.to_ours(pretrained)
    seen['neck.decoder_pos_embed'] = torch.cat(
        [seen['neck.decoder_pos_embed'][:, :1], seen['neck.decoder_pos_embed']], 1
    )
    with pytest.raises(CheckpointError, match=r'17 tokens for 17 positions .* the decoder sees no class token'):
        MAE_PRIV.to_official(seen)
    two_norms = MAE_PRIV.to_ours(finetuned) | {'backbone.ln1.weight': torch.ones(32)}
    with pytest.raises(CheckpointError, match=r'unknown to family "mae-priv": backbone.ln1.weight'):
        MAE_PRIV.to_official(two_norms)
