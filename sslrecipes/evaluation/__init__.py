"""Evaluation of frozen features: k-NN, linear probes, metrics. Importing registers them."""

import mmpretrain.evaluation  # noqa: F401  a parent registry's modules are not imported by themselves

from sslrecipes.evaluation.average_precision import InterpolatedAveragePrecision
from sslrecipes.evaluation.features import Features, extract_features
from sslrecipes.evaluation.knn import weighted_knn
from sslrecipes.evaluation.linear import ProbeSettings, fit_linear_probes
from sslrecipes.evaluation.metrics import BalancedAccuracy, ProbeAccuracy
from sslrecipes.evaluation.self_knn import SelfKNN

__all__ = [
    'BalancedAccuracy',
    'Features',
    'InterpolatedAveragePrecision',
    'ProbeAccuracy',
    'ProbeSettings',
    'SelfKNN',
    'extract_features',
    'fit_linear_probes',
    'weighted_knn',
]
