"""Hooks."""

from sslrecipes.engine.hooks.bad_images_hook import BadImagesHook
from sslrecipes.engine.hooks.checkpoint_hook import CheckpointHook
from sslrecipes.engine.hooks.collapse_hook import CollapseHook
from sslrecipes.engine.hooks.early_stopping_hook import EarlyStoppingHook
from sslrecipes.engine.hooks.ema_hook import EMAHook
from sslrecipes.engine.hooks.frozen_backbone_hook import FrozenBackboneHook
from sslrecipes.engine.hooks.logger_hook import LoggerHook
from sslrecipes.engine.hooks.nonfinite_hook import NonFiniteHook
from sslrecipes.engine.hooks.online_eval_hook import OnlineEvalHook
from sslrecipes.engine.hooks.online_probe_hook import OnlineProbeHook
from sslrecipes.engine.hooks.progress_hook import ProgressHook
from sslrecipes.engine.hooks.reconstruction_hook import ReconstructionHook
from sslrecipes.engine.hooks.simsiam_hook import SimSiamHook
from sslrecipes.engine.hooks.step_hook import StepHook
from sslrecipes.engine.hooks.stop_hook import StopHook
from sslrecipes.engine.hooks.swav_hook import SwAVHook

__all__ = [
    'BadImagesHook',
    'CheckpointHook',
    'CollapseHook',
    'EMAHook',
    'EarlyStoppingHook',
    'FrozenBackboneHook',
    'LoggerHook',
    'NonFiniteHook',
    'OnlineEvalHook',
    'OnlineProbeHook',
    'ProgressHook',
    'ReconstructionHook',
    'SimSiamHook',
    'StepHook',
    'StopHook',
    'SwAVHook',
]
