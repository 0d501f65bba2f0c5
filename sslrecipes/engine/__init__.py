"""Runner, loops, hooks, optimizers and schedules. Importing registers them."""

import mmpretrain.engine  # noqa: F401  a parent registry's modules are not imported by themselves

from sslrecipes.engine import data_parallel, hooks, knn_loop, log_processor, loops, optimizers, runner, schedulers

__all__ = ['data_parallel', 'hooks', 'knn_loop', 'log_processor', 'loops', 'optimizers', 'runner', 'schedulers']
