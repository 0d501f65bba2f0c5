"""Data sets, samplers and transforms. Importing registers them."""

import mmpretrain.datasets  # noqa: F401  a parent registry's modules are not imported by themselves
