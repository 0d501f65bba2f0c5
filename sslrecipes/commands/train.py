"""What ``tools/train.py`` does with a resolved config."""

from __future__ import annotations

import argparse
from typing import Any

from mmengine.config import Config
from mmengine.dist import master_only
from mmengine.logging import print_log

from sslrecipes.commands.culprits import told
from sslrecipes.commands.launch import build_runner, keep_freed_memory
from sslrecipes.commands.untrained_command import untrained_command
from sslrecipes.distributed.joining import leaving_process_group
from sslrecipes.engine.restart.resume_point import FinishedRunError
from sslrecipes.engine.runner import SSLRunner
from sslrecipes.errors import ConfigError
from sslrecipes.models.utils.wrapping import unwrapped


class TrainingRunner(SSLRunner):
    """The runner of ``tools/train.py``: it leaves a run that is over alone."""

    enters_finished_run = False


def train(cfg: Config, verify: bool = False, args: argparse.Namespace | None = None) -> None:
    """Check, build and train.

    Args:
        cfg: Resolved config.
        verify: Whether the backbone must first prove to compute what the pre-trained one does, see
            :func:`sslrecipes.transfer.verify.verify_backbone`.
        args: The command line, if it is to be told in the end how to train the same without pre-trained weights.
    """
    keep_freed_memory()
    with leaving_process_group(), told(cfg):
        try:
            runner = build_runner(cfg, 'train', kind=TrainingRunner)
        except FinishedRunError as over:
            tell(str(over))
            return
        if verify:
            verify_transfer(runner)
        runner.train()
        if args and (command := untrained_command(cfg, args)):
            runner.logger.info(f'To compare with a network that was not pre-trained: {command}')


def verify_transfer(runner: Any) -> None:
    """Load the backbone that a detector or segmentor starts from, and compare its features.

    Raises:
        ConfigError: If the recipe takes over no checkpoint.
        CheckpointError: If the features differ.
    """
    transfer = runner.cfg.get('transfer') or {}
    if not transfer.get('checkpoint'):
        raise ConfigError('--verify needs a recipe with transfer.checkpoint.')
    if runner.resume_point:
        runner.logger.warning('Nothing to verify: the run goes on with its own weights.')
        return
    from sslrecipes.transfer.verify import verify_backbone  # which imports mmdet and mmseg

    taken = runner._init_model_weights() or transfer['checkpoint']
    report = verify_backbone(unwrapped(runner.model), taken, transfer.get('part', 'student'))
    runner.logger.info(report.summary())


@master_only
def tell(sentence: str) -> None:
    """Tell the user something where there is no runner to log it."""
    print_log(sentence)
