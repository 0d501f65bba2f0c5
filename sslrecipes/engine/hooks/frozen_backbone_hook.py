"""Proof that a probe has left the backbone as it came from its checkpoint."""

from __future__ import annotations

from typing import cast

from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch import nn

from sslrecipes.checkpoint.files.tensor_digest import tensor_digest
from sslrecipes.errors import RunError, counted
from sslrecipes.models.utils.wrapping import unwrapped
from sslrecipes.registry import HOOKS


@HOOKS.register_module()
class FrozenBackboneHook(Hook):
    """End a run whose backbone isn't, after the first epoch, bit for bit what it was when training began.

    A linear evaluation of frozen features that trains the backbone, or lets its batch norms go on averaging, measures
    something else. Weights from a checkpoint fill the backbone completely or not at all, so that this compares with the
    checkpoint. Useless where the backbone is to change.

    Raises:
        RunError: A weight or a statistic has changed.

    Source: the sanity check of MoCo's ``main_lincls.py``.
    """

    def __init__(self) -> None:
        self.digests: dict[str, str] = {}

    def before_train(self, runner: Runner) -> None:
        """Take the digest of each tensor."""
        self.digests = _digests(runner)

    def after_train_epoch(self, runner: Runner) -> None:
        """Compare, once."""
        if not self.digests:
            return
        now = _digests(runner)
        changed = [name for name, digest in self.digests.items() if now[name] != digest]
        if changed:
            raise RunError(
                f'The backbone is to stay as it is, but {counted(len(changed), "tensor")} of {len(now)} changed in the '
                f'first epoch, such as "backbone.{changed[0]}": freeze it, batch norms included.'
            )
        runner.logger.info(
            f'All {counted(len(now), "tensor")} of the backbone are as they were before the first epoch.'
        )
        self.digests = {}


def _digests(runner: Runner) -> dict[str, str]:
    backbone = cast(nn.Module, unwrapped(runner.model).backbone)
    return {name: tensor_digest({name: value}, {}) for name, value in backbone.state_dict().items()}
