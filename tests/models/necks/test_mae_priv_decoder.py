import pytest
import torch

from sslrecipes.errors import ConfigError
from sslrecipes.models.layers.position_embedding import sincos_position_embedding
from sslrecipes.models.necks import MAEPrivDecoder

SIZE = dict(num_patches=16, patch_size=4, embed_dim=24, decoder_depth=1)


def test_heads_are_64_wide():
    for width, heads in ((192, 3), (384, 6), (512, 8), (32, 1)):
        decoder = MAEPrivDecoder(**SIZE, decoder_embed_dim=width)
        assert decoder.decoder_blocks[0].attn.num_heads == heads
    assert MAEPrivDecoder(**SIZE, decoder_embed_dim=192, decoder_num_heads=6).decoder_blocks[0].attn.num_heads == 6


def test_asked_patches_are_predicted_as_among_all():
    decoder = MAEPrivDecoder(**SIZE, decoder_embed_dim=32)
    decoder.init_weights()
    latent, ids_restore = torch.randn(2, 4, 24), torch.rand(2, 16).argsort(1)
    ids = torch.tensor([[3, 0, 7], [15, 1, 2]])
    everything = decoder(latent, ids_restore)
    assert everything.shape == (2, 16, 48)
    expected = everything.gather(1, ids[..., None].expand(-1, -1, 48))
    torch.testing.assert_close(decoder(latent, ids_restore, ids), expected, rtol=1e-4, atol=1e-6)


def test_official_initialisation():
    decoder = MAEPrivDecoder(**SIZE, decoder_embed_dim=32)
    decoder.init_weights()
    assert decoder.decoder_embed.bias.any(), "PyTorch's default, as it lies outside encoder and decoder"
    assert decoder.decoder_embed.weight.abs().max() <= 24**-0.5
    assert not decoder.decoder_pred.bias.any()
    assert 0 < decoder.mask_token.abs().max() <= 0.02
    assert torch.equal(
        decoder.decoder_pos_embed, sincos_position_embedding(32, (4, 4), rows_first=True, class_row=False)
    )
    assert not decoder.decoder_pos_embed.requires_grad


def test_bias_of_queries_and_values_can_be_left_out():
    decoder = MAEPrivDecoder(**SIZE, decoder_embed_dim=32, qkv_bias=False)
    assert not [name for name in decoder.state_dict() if name.endswith('qkv.bias')]
    assert decoder(torch.randn(2, 4, 24), torch.rand(2, 16).argsort(1)).shape == (2, 16, 48)


def test_patches_must_make_a_square():
    with pytest.raises(ConfigError, match='num_patches=12 is no square'):
        MAEPrivDecoder(**{**SIZE, 'num_patches': 12})
