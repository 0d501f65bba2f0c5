"""Hooks."""

from sslrecipes.engine.hooks.online_eval_hook import OnlineEvalHook
from sslrecipes.engine.hooks.progress_hook import ProgressHook
from sslrecipes.engine.hooks.reconstruction_hook import ReconstructionHook

__all__ = ['OnlineEvalHook', 'ProgressHook', 'ReconstructionHook']
