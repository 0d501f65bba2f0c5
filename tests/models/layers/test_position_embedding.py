import torch
from mmpretrain.models.utils import build_2d_sincos_position_embedding

from sslrecipes.models.layers.position_embedding import sincos_position_embedding


def test_first_half_of_the_channels_encodes_the_column():
    table = sincos_position_embedding(16, (3, 5))[0, 1:].unflatten(0, (3, 5))
    assert torch.equal(table[0, :, :8], table[2, :, :8])
    assert torch.equal(table[:, 0, 8:], table[:, 4, 8:])
    assert torch.allclose(table[0, 2, 0], torch.tensor(2.0).sin())


def test_upstream_gives_the_transposed_grid():
    ours = sincos_position_embedding(16, (4, 4))[0, 1:].unflatten(0, (4, 4))
    upstream = build_2d_sincos_position_embedding(4, 16)[0].unflatten(0, (4, 4))
    torch.testing.assert_close(ours.transpose(0, 1), upstream)


def test_class_token_row_is_zero():
    assert not sincos_position_embedding(8, (2, 2))[0, 0].any()


def test_rows_first_is_upstreams_table_and_that_of_the_transposed_grid():
    table = sincos_position_embedding(16, (4, 4), rows_first=True)
    torch.testing.assert_close(table, build_2d_sincos_position_embedding(4, 16, cls_token=True).float())
    mae = sincos_position_embedding(16, (4, 4))[:, 1:].unflatten(1, (4, 4)).transpose(1, 2).flatten(1, 2)
    assert torch.equal(sincos_position_embedding(16, (4, 4), rows_first=True, class_row=False), mae)
