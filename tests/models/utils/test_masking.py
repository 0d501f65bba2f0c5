import pytest
import torch

from sslrecipes.models.utils.masking import gather_tokens, random_masking, restore_tokens


@pytest.mark.parametrize(('length', 'ratio', 'kept'), [(196, 0.75, 49), (25, 0.8, 4), (16, 0.75, 4), (16, 0.0, 16)])
def test_number_of_kept_patches_is_truncated_in_float_arithmetic(length, ratio, kept):
    ids_keep, ids_restore, mask = random_masking(torch.rand(3, length), ratio)
    assert ids_keep.shape == (3, kept)
    assert mask.sum(1).tolist() == [length - kept] * 3
    assert torch.equal(ids_restore.sort(1).values, torch.arange(length).expand(3, -1))


def test_smallest_noise_stays_and_every_token_returns_to_its_place():
    noise, tokens = torch.rand(2, 9), torch.randn(2, 9, 4)
    ids_keep, ids_restore, mask = random_masking(noise, 0.5)
    assert torch.equal(ids_keep, noise.argsort(1)[:, :4])
    mask_token = torch.full((1, 1, 4), 7.0)
    restored = restore_tokens(gather_tokens(tokens, ids_keep), mask_token, ids_restore)
    expected = torch.where(mask[..., None].bool(), mask_token, tokens)
    assert torch.equal(restored, expected)
