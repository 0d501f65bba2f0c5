"""Optimizers, optimizer wrappers and parameter groups."""

from sslrecipes.engine.optimizers.lars import LARS
from sslrecipes.engine.optimizers.optim_wrappers import AmpOptimWrapper, OptimWrapper
from sslrecipes.engine.optimizers.param_groups import ParamGroupsConstructor

__all__ = ['LARS', 'AmpOptimWrapper', 'OptimWrapper', 'ParamGroupsConstructor']
