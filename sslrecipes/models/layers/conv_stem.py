"""Convolutional stem in the place of a ViT's patch projection."""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor, nn

from sslrecipes.errors import ConfigError

PATCH = 16
_NUM_HALVINGS = 4


class ConvStem(nn.Module):
    """Four 3x3 convolutions of stride 2, each with batch norm and ReLU, and one of 1x1: tokens of 16 x 16 pixels.

    Args:
        img_size: Height and width of the images that positions are for.
        embed_dims: Width C of the tokens, divisible by 8: the first convolution has C / 8 channels, each further one
            twice as many.

    Raises:
        ConfigError: If it isn't divisible.

    Source: ``ConvStem`` in ``vits.py`` of facebookresearch/moco-v3; "Early Convolutions Help Transformers See Better"
    (arXiv:2106.14881).
    """

    def __init__(self, img_size: tuple[int, int], embed_dims: int) -> None:
        super().__init__()
        if embed_dims % 8:
            raise ConfigError(f'A convolutional stem needs tokens whose width is divisible by 8, not {embed_dims}.')
        widths = [3, *(embed_dims // 8 * 2**number for number in range(_NUM_HALVINGS))]
        layers: list[nn.Module] = []
        for incoming, outgoing in pairwise(widths):
            convolution = nn.Conv2d(incoming, outgoing, 3, stride=2, padding=1, bias=False)
            layers += [convolution, nn.BatchNorm2d(outgoing), nn.ReLU(inplace=True)]
        self.projection = nn.Sequential(*layers, nn.Conv2d(widths[-1], embed_dims, 1))
        self.init_out_size = (img_size[0] // PATCH, img_size[1] // PATCH)

    def forward(self, images: Tensor) -> tuple[Tensor, tuple[int, int]]:
        """Tokens ``(B, L, C)`` of images ``(B, 3, H, W)``, and their rows and columns."""
        tokens: Tensor = self.projection(images)
        height, width = tokens.shape[2:]
        return tokens.flatten(2).transpose(1, 2), (height, width)
