"""What can be told of data sets and their annotation files before anything is built."""

from sslrecipes.datasets.preflight.dataset import check_dataset

__all__ = ['check_dataset']
