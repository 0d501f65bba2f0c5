"""Transforms. Importing registers them."""

from sslrecipes.datasets.transforms.center_crop import CenterCrop
from sslrecipes.datasets.transforms.lightness import Lightness
from sslrecipes.datasets.transforms.loading import LoadImageOrSkip
from sslrecipes.datasets.transforms.multi_crop import MultiCrop
from sslrecipes.datasets.transforms.puzzle_tiles import PuzzleTiles
from sslrecipes.datasets.transforms.random_crop import RandomCrop
from sslrecipes.datasets.transforms.region_crops import RegionCrops
from sslrecipes.datasets.transforms.region_of_index import RegionOfIndex
from sslrecipes.datasets.transforms.rgb_to_bgr import RGBToBGR
from sslrecipes.datasets.transforms.standardized_grey import StandardizedGrey

__all__ = [
    'CenterCrop',
    'Lightness',
    'LoadImageOrSkip',
    'MultiCrop',
    'PuzzleTiles',
    'RGBToBGR',
    'RandomCrop',
    'RegionCrops',
    'RegionOfIndex',
    'StandardizedGrey',
]
