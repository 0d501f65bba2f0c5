import torch

from sslrecipes.checkpoint.conversion.pixel_order import as_mae, as_mae_priv, is_pretraining, lacks_class_row

CHANNELS, SIDE = 3, 2


def pretraining(with_token):
    state = {
        'backbone.patch_embed.projection.weight': torch.rand(4, CHANNELS, SIDE, SIDE),
        'backbone.pos_embed': torch.rand(1, 9 + with_token, 4),
        'neck.decoder_pos_embed': torch.rand(1, 9, 5),
        'neck.decoder_pred.weight': torch.rand(CHANNELS * SIDE**2, 5),
        'neck.decoder_pred.bias': torch.rand(CHANNELS * SIDE**2),
    }
    return state | ({'backbone.cls_token': torch.rand(1, 1, 4)} if with_token else {})


def same(first, second):
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


def test_rows_by_their_numbers():
    state = pretraining(with_token=False)
    converted = as_mae(state)
    for channel in range(CHANNELS):
        for row in range(SIDE):
            for column in range(SIDE):
                first, last = (channel * SIDE + row) * SIDE + column, (row * SIDE + column) * CHANNELS + channel
                for name in ('neck.decoder_pred.weight', 'neck.decoder_pred.bias'):
                    assert torch.equal(converted[name][last], state[name][first])


def test_class_token_has_a_row_of_zeros():
    table = as_mae(pretraining(with_token=True))['neck.decoder_pos_embed']
    assert table.shape == (1, 10, 5)
    assert not table[:, 0].any()
    assert as_mae(pretraining(with_token=False))['neck.decoder_pos_embed'].shape == (1, 9, 5)


def test_there_and_back():
    for with_token in (False, True):
        state = pretraining(with_token)
        assert same(as_mae_priv(as_mae(state)), state)


def test_pixels_that_lie_as_in_mae_stay():
    state = pretraining(with_token=False)
    assert same(as_mae(state, channel_first=False), state)


def test_recognition():
    state = pretraining(with_token=True)
    assert lacks_class_row(state)
    assert is_pretraining(as_mae(state))
    assert not lacks_class_row(as_mae(state))
    assert not is_pretraining({name: value for name, value in state.items() if name.startswith('backbone.')})
