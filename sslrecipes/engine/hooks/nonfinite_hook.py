"""Losses and gradients that aren't finite never reach the weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from mmengine.device import get_device
from mmengine.dist import get_rank, get_world_size
from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch import Tensor

from sslrecipes.checkpoint.files.room import check_room
from sslrecipes.checkpoint.files.superseded import free_path
from sslrecipes.checkpoint.files.writing import save_torch
from sslrecipes.distributed.control import any_rank, from_every_process
from sslrecipes.engine.loops import progress_of
from sslrecipes.engine.nonfinite.detection import (
    Finding,
    GradientsOnly,
    MicroBatch,
    UntrainedState,
    bad_gradients,
    repeat,
    surely_finite,
)
from sslrecipes.engine.nonfinite.record import bytes_of, make_record, precision
from sslrecipes.engine.optimizers import OptimWrapper
from sslrecipes.errors import ConfigError, RunError, UserError, counted, did_you_mean
from sslrecipes.models.utils.wrapping import unwrapped
from sslrecipes.registry import HOOKS

POLICIES = ('stop', 'skip', 'rollback')
COUNT = 'nonfinite_skipped'
"""Entry of the message hub, and so of every checkpoint, that counts the steps that weren't taken."""


@HOOKS.register_module()
class NonFiniteHook(Hook):
    """Look at losses and gradients before each optimizer step; all processes decide alike, in the same step.

    A step counts as bad if the loss of any of its micro-batches, or its gradient, holds a NaN or an infinity on any
    process. It isn't taken, whatever the policy: weights, optimizer, loss scale and everything else that a checkpoint
    holds are as before its first forward pass. The processes to blame write ``iter_{I}_rank_{R}.pth`` for
    ``tools/replay.py`` (or ``iter_{I}_rank_{R}-2.pth``, if an earlier start left one), the first of them with weights
    and optimizer; I counts the micro-batches up to the end of the step.

    With float16 and a dynamic loss scale, gradients that overflow are ordinary and left to the scaler, until the scale
    has fallen below 1; the loss must be finite all the same. A fixed scale can't give way: its overflows are bad steps.

    Args:
        policy: ``'stop'`` ends the run. ``'skip'`` goes on with the next batch as if this one had not been there.
            ``'rollback'`` also goes back to the weights, buffers and optimizer state of the newest good checkpoint,
            so that the batches since then are left out, too (as PaLM was trained, arXiv:2204.02311, section 5.1);
            position and schedules go on. Which checkpoint that is depends on when they were written.
        limit: Steps that may be left out in the whole run, resumed or not; one more ends it.
        folder: Where the files go, inside the work dir.

    Raises:
        ConfigError: For another ``policy``; before training, for an optimizer wrapper that isn't of this package.
        RunError: On all processes, when the run ends.
    """

    priority = 'HIGHEST'  # values that aren't finite are taken out before RuntimeInfoHook averages them

    def __init__(self, policy: str = 'stop', limit: int = 10, folder: str = 'nonfinite') -> None:
        if policy not in POLICIES:
            hint = did_you_mean(policy, list(POLICIES))
            raise ConfigError(f'NonFiniteHook: policy is one of {", ".join(POLICIES)}, not {policy!r}.{hint}')
        self.policy = policy
        self.limit = limit
        self.folder = folder

    def before_train(self, runner: Runner) -> None:
        """Set this hook as the guard of the optimizer wrapper."""
        if not isinstance(runner.optim_wrapper, OptimWrapper):
            raise ConfigError('NonFiniteHook needs optim_wrapper.type to be OptimWrapper or AmpOptimWrapper.')
        self.runner = runner
        self.model = unwrapped(runner.model)
        self.untrained = UntrainedState(self.model)
        self.losses: list[Tensor] = []
        runner.vote.add('not finite', lambda: not surely_finite(self.losses, self.model))
        runner.optim_wrapper.guard = self

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None) -> None:
        """Keep what the step starts from."""
        begins = runner.optim_wrapper.inner_count % runner.accumulative_counts == 0
        if begins:
            self.losses = []
            self.micro_batches: list[MicroBatch] = []
            self.untrained.remember()
        progress = progress_of(runner, batch_idx) if begins else None
        self.micro_batches.append(MicroBatch(runner.seed, runner.iter, data_batch, progress))

    def after_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: dict[str, Any] | None = None
    ) -> None:
        """Keep values that aren't finite out of the averages of the log."""
        for name, value in list((outputs or {}).items()):
            if not torch.as_tensor(value).isfinite():
                del outputs[name]  # type: ignore[union-attr]  # not None, or there would be no item

    def see_loss(self, loss: Tensor) -> None:
        """Take note of a micro-batch's loss."""
        self.losses.append(loss)

    def allows_step(self) -> bool:
        """Decide; collective.

        Raises:
            RunError: If the run ends here.
        """
        if not self.runner.vote.take('not finite'):
            return True
        finding = self._look_closely()
        if not any_rank(bool(finding))[0]:
            return True
        self.untrained.restore()
        self._act(self._report(finding))
        return False

    def _look_closely(self) -> Finding:
        gradients = () if self.runner.optim_wrapper.expects_overflow else bad_gradients(self.model)
        return Finding(tuple(float(loss) for loss in self.losses), gradients)

    def _report(self, finding: Finding) -> str:
        """Find out which processes are to blame, let them save, and say so."""
        if any_rank(finding.bad_loss)[0]:
            guilty = finding.bad_loss
        elif get_world_size() == 1:
            guilty = True
        else:
            finding = self._own_finding(finding)
            anyone = any_rank(bool(finding))[0]
            guilty = bool(finding) or not anyone  # each share is finite, their sum isn't
        sentence = self._save(finding, guilty)
        return '. '.join(filter(None, from_every_process(sentence)))

    def _own_finding(self, finding: Finding) -> Finding:
        """Run the step again without exchanging gradients, which are this process's own then."""
        runner = self.runner
        of_run = precision(runner.optim_wrapper, runner.accumulative_counts)
        dtype = getattr(torch, of_run.pop('dtype') or '', None)
        runner.optim_wrapper.zero_grad()
        self.untrained.restore()
        for micro_batch in self.micro_batches:
            repeat(self.model, micro_batch, GradientsOnly(get_device(), dtype, **of_run))
        self.untrained.restore()
        return Finding(finding.losses, bad_gradients(self.model))

    def _save(self, finding: Finding, guilty: bool) -> str:
        """Save the step of a process to blame; the first of them has what all have alike. Collective."""
        name = f'iter_{self.runner.iter + 1}_rank_{get_rank()}.pth'
        path = free_path(Path(self.runner.work_dir, self.folder, name))
        first, *_ = filter(None, from_every_process(path.name if guilty else None))
        if not guilty:
            return ''
        rest = None if first == path.name else first
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            record = make_record(self.runner, self.micro_batches, finding, rest)
            check_room(path.parent, bytes_of(record), f'The record "{name}"')
            save_torch(path, record)
        except (OSError, UserError) as error:  # what happened matters more
            told = f'the step could not be saved ({error})'
        else:
            told = f'look into it with: python tools/replay.py {path}'
        return f'rank {get_rank()}: {finding}; {told}'

    def _act(self, report: str) -> None:
        """End the run, or skip or roll back the step."""
        runner = self.runner
        lr = runner.optim_wrapper.optimizer.param_groups[0]['lr']
        what = f'Not finite in iteration {runner.iter + 1} (epoch {runner.epoch + 1}, lr {lr:.3g}): {report}.'
        count = runner.message_hub.get_info(COUNT, 0) + 1
        if self.policy == 'stop':
            raise RunError(f'{what} The step was not taken, checkpoints are as they were.')
        if count > self.limit:
            before = f'{counted(self.limit, "step")} {"was" if self.limit == 1 else "were"} left out before'
            raise RunError(f'{what} The run ends: {before}, no more may be.')
        done = 'The step is left out'
        if self.policy == 'rollback':
            from sslrecipes.engine.restart.rollback import roll_back

            done = f'Back to the weights of "{roll_back(runner, what)}", on with the data that follows'
        runner.message_hub.update_info(COUNT, count)
        runner.logger.warning(f'{what} {done} ({count} of at most {self.limit}).')
