import torch
from torch import nn

from sslrecipes.models.layers.patch_embedding import embed_patches
from sslrecipes.models.utils.masking import gather_tokens


def test_equals_the_convolution_gathered():
    projection = nn.Conv2d(3, 6, kernel_size=(4, 2), stride=(4, 2))
    images = torch.randn(2, 3, 12, 10)
    ids = torch.stack([torch.randperm(15)[:5] for _ in range(2)])
    expected = gather_tokens(projection(images).flatten(2).transpose(1, 2), ids)
    torch.testing.assert_close(embed_patches(images, projection, ids), expected)
