"""Optimizers, optimizer wrappers and parameter groups."""

from sslrecipes.engine.optimizers.optim_wrappers import AmpOptimWrapper, OptimWrapper
from sslrecipes.engine.optimizers.param_groups import ParamGroupsConstructor

__all__ = ['AmpOptimWrapper', 'OptimWrapper', 'ParamGroupsConstructor']
