"""Data sets, samplers and transforms. Importing registers them."""

import mmpretrain.datasets  # noqa: F401  a parent registry's modules are not imported by themselves

from sslrecipes.compat import mmcv_decoder
from sslrecipes.datasets import transforms  # noqa: F401
from sslrecipes.datasets.digits import Digits
from sslrecipes.datasets.fashion_mnist import FashionMNIST
from sslrecipes.datasets.image_folder import ImageFolder
from sslrecipes.datasets.image_subset import ImageSubset
from sslrecipes.datasets.imagenet import ImageNet
from sslrecipes.datasets.images.decoding import imfrombytes
from sslrecipes.datasets.photo_tiles import PhotoTiles
from sslrecipes.datasets.seeding import seeded
from sslrecipes.datasets.stamps import Stamps
from sslrecipes.datasets.voc_labels import VOCLabels

mmcv_decoder.install(imfrombytes)

__all__ = [
    'Digits',
    'FashionMNIST',
    'ImageFolder',
    'ImageNet',
    'ImageSubset',
    'PhotoTiles',
    'Stamps',
    'VOCLabels',
    'seeded',
]
