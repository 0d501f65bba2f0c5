"""Transforms. Importing registers them."""

from sslrecipes.datasets.transforms.loading import LoadImageOrSkip

__all__ = ['LoadImageOrSkip']
