"""Evaluation of frozen features: k-NN, linear probes, metrics. Importing registers them."""

import mmpretrain.evaluation  # noqa: F401  a parent registry's modules are not imported by themselves
