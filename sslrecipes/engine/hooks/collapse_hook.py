"""Notice networks that give the same output for every image."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from mmengine.dist import get_world_size, is_main_process
from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch import distributed

from sslrecipes.checkpoint.files.superseded import set_aside
from sslrecipes.distributed.control import control_group
from sslrecipes.engine.loops import makes_step, progress_of
from sslrecipes.errors import ConfigError, RunError, did_you_mean
from sslrecipes.evaluation.collapse import Limits, Look, look_at
from sslrecipes.evaluation.observation import Observation
from sslrecipes.models.utils.trivial_loss import trivial_loss
from sslrecipes.models.utils.wrapping import unwrapped
from sslrecipes.registry import HOOKS

POLICIES = ('warn', 'stop')
COUNT = 'collapsed_looks'
"""Entry of the message hub, and so of every checkpoint, that counts the latest looks in a row at a collapse."""
SECONDS_BETWEEN_PICTURES = 600


@HOOKS.register_module()
class CollapseHook(Hook):
    """Look at embeddings and assignments of any method now and then, and say so if they are the same for all images.

    Embeddings and assignments are those that parts of the method show
    (:class:`sslrecipes.models.utils.observed.Observed`); where nothing is shown, embeddings are the pooled features of
    the backbone. Of each process the first rows of the step count, over as many micro-batches as they fill; all
    processes decide alike. Training is not disturbed: no generator is used, nothing is changed, and a resumed run warns
    when it would have.

    Logs, to the message hub and the visualizer, ``collapse/std`` (standard deviation of normalised embeddings times
    sqrt(C), healthy up to 1), ``collapse/rank`` (RankMe) and ``collapse/rank_share`` (of min(N, C)),
    ``collapse/assignment_entropy`` (of the mean assignment) and ``collapse/assignment_doubt`` (mean entropy), both as
    shares of ln K, ``collapse/loss`` (of the method, without a joint probe), ``collapse/trivial_loss`` (that of a
    network which tells no images apart) and ``collapse/symptoms`` (how many limits are undercut). Draws them to
    ``{work_dir}/collapse.png``, after training, when it warns, and every ten minutes at the end of an epoch.

    In a config: ``custom_hooks = [dict(type='CollapseHook')]``.

    Args:
        interval: Optimizer steps between two looks.
        patience: Looks in a row at a collapsed network before something is said.
        policy: ``'warn'`` says it once, and again after a recovery; ``'stop'`` ends the run.
        rows: Embeddings per process to look at.
        limits: Options of :class:`sslrecipes.evaluation.collapse.Limits`.

    Raises:
        ConfigError: For another ``policy``, an ``interval``, ``patience`` or ``rows`` that can't be meant, or an
            unknown option of ``limits``; before training, if there is nothing to look at.
        RunError: On all processes, when the run ends.
    """

    priority = 'LOW'  # before CheckpointHook stores the count

    def __init__(
        self,
        interval: int = 20,
        patience: int = 3,
        policy: str = 'warn',
        rows: int = 512,
        limits: Mapping[str, float] | None = None,
    ) -> None:
        if policy not in POLICIES:
            hint = did_you_mean(policy, list(POLICIES))
            raise ConfigError(f'CollapseHook: policy is one of {", ".join(POLICIES)}, not {policy!r}.{hint}')
        if min(interval, patience) < 1 or rows < 2:
            raise ConfigError('CollapseHook: interval and patience are at least 1, rows at least 2.')
        self.interval = interval
        self.patience = patience
        self.policy = policy
        self.rows = rows
        self.limits = Limits.of(limits)
        self.is_due = False

    def before_train(self, runner: Runner) -> None:
        """Find out what there is to look at."""
        model = unwrapped(runner.model)
        self.observation = Observation(model, self.rows)
        if not self.observation.possible:
            raise ConfigError(f'CollapseHook: {type(model).__name__} has no backbone and shows no embeddings.')
        self.trivial_loss = trivial_loss(model)
        self._attainable, self._drawn = 1.0, time.monotonic()
        if is_main_process() and not runner.resume_point:
            set_aside(self._picture(runner))  # of an earlier run

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None) -> None:
        """Register the observers at the beginning of a step that is due."""
        if batch_idx % runner.accumulative_counts == 0:
            due = (progress_of(runner, batch_idx).step + 1) % self.interval == 0
            self.is_due = due and makes_step(runner, batch_idx)
            if self.is_due:
                self.observation.open()
                self.losses: list[float] = []

    def after_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: dict[str, Any] | None = None
    ) -> None:
        """Keep the loss, and remove the observers once there are enough rows."""
        if self.is_due and self.observation.is_open:
            self.losses.append(method_loss(outputs or {}))
            if self.observation.is_full:
                self.observation.close()

    def after_optimizer_step(self, runner: Runner) -> None:
        """Measure, log and compare with the limits, unless the step was left out."""
        if not self.is_due:
            return
        self.observation.close()
        if not runner.optim_wrapper.step_taken:
            return
        loss = sum(self.losses) / len(self.losses)
        look = mean_over_ranks(look_at(self.observation.embeddings, self.observation.assignments, loss))
        self.observation.forget()
        reasons = self.limits.reasons(look)
        self._log(runner, look, len(reasons))
        count = runner.message_hub.get_info(COUNT, 0) + 1 if reasons else 0
        runner.message_hub.update_info(COUNT, count)
        if count == self.patience or (count > self.patience and self.policy == 'stop'):
            self._act(runner, self._sentence(runner, look, reasons))

    def between_epochs(self, runner: Runner) -> None:
        """Draw the curves, if the picture is old."""
        if time.monotonic() - self._drawn > SECONDS_BETWEEN_PICTURES:
            self._draw(runner)

    def after_train(self, runner: Runner) -> None:
        """Draw the curves."""
        self._draw(runner)

    def _log(self, runner: Runner, look: Look, symptoms: int) -> None:
        values = {
            'std': look.std,
            'rank': look.rank,
            'rank_share': look.rank / look.max_rank,
            'assignment_entropy': look.usage,
            'assignment_doubt': look.doubt,
            'loss': look.loss,
            'trivial_loss': math.nan if self.trivial_loss is None else self.trivial_loss,
            'symptoms': symptoms,
        }
        scalars = {f'collapse/{name}': value for name, value in values.items() if not math.isnan(value)}
        self._attainable = look.attainable
        runner.message_hub.update_scalars({**scalars, 'collapse/iteration': runner.iter})
        runner.visualizer.add_scalars({**scalars, 'iter': runner.iter}, step=runner.iter)

    def _sentence(self, runner: Runner, look: Look, reasons: list[str]) -> str:
        loss = f'; the loss is {look.loss:.4g}'
        if self.trivial_loss is not None:
            loss += f', that of a network which tells no images apart {self.trivial_loss:.4g}'
        return (
            f'The network has collapsed by iteration {runner.iter} (epoch {runner.epoch + 1}): {" and ".join(reasons)} '
            f'in {self.patience} looks {self.interval} steps apart{loss}. See "{self._picture(runner)}"; a lower '
            'learning rate often helps.'
        )

    def _act(self, runner: Runner, sentence: str) -> None:
        self._draw(runner)
        if self.policy == 'stop':
            raise RunError(sentence)
        runner.logger.warning(sentence)

    def _draw(self, runner: Runner) -> None:
        self._drawn = time.monotonic()
        logged = runner.message_hub.log_scalars
        if 'collapse/iteration' not in logged or not is_main_process():
            return
        curves = {key.removeprefix('collapse/'): logged[key].data[0] for key in logged if key.startswith('collapse/')}
        curves = {name: curve for name, curve in curves.items() if len(curve) == len(curves['iteration'])}
        references = {'min_std': self.limits.std, 'min_rank': self.limits.rank}
        if self.trivial_loss is not None:
            references['trivial_loss'] = self.trivial_loss
        if 'assignment_entropy' in curves:
            references['min_assignment_entropy'] = self.limits.usage * self._attainable
        from sslrecipes.visualization.collapse import plot_collapse

        plot_collapse(curves, references, self._picture(runner))

    def _picture(self, runner: Runner) -> Path:
        return Path(runner.work_dir, 'collapse.png')


def method_loss(outputs: Mapping[str, Any]) -> float:
    """Loss of the method from the values that a training step logs, without that of a joint probe; NaN if missing."""
    losses = {name: torch.as_tensor(value).item() for name, value in outputs.items() if 'loss' in name}
    parts = [value for name, value in losses.items() if name not in ('loss', 'loss_probe')]
    return sum(parts) if parts else losses.get('loss', math.nan)


def mean_over_ranks(look: Look) -> Look:
    """Average what all processes see; collective."""
    if get_world_size() == 1:
        return look
    values = torch.tensor(look, dtype=torch.float64)
    distributed.all_reduce(values, group=control_group())
    return Look(*(values / get_world_size()).tolist())
