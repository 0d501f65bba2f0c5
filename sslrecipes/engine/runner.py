"""The runner: mmengine's, mended in a few named places."""

from __future__ import annotations

import copy
import logging
import os
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from mmengine.dist import master_only
from mmengine.logging import MMLogger
from mmengine.model import is_model_wrapper
from mmengine.runner import BaseLoop
from mmengine.runner import LogProcessor as MMEngineLogProcessor
from torch import nn
from torch.utils.data import DataLoader

from sslrecipes.checkpoint.files.writing import write_atomic
from sslrecipes.checkpoint.used_alike import check_parts_used_alike
from sslrecipes.config.default_hooks import DEFAULT_HOOKS
from sslrecipes.config.knn_bank import fill_banks
from sslrecipes.config.picture_size import picture_size
from sslrecipes.config.places import value_at
from sslrecipes.config.upstream import adopt
from sslrecipes.datasets.seeding import SeededDataset
from sslrecipes.distributed.joining import join_process_group, joins_here
from sslrecipes.engine.advice import lengths_that_do_not_fit, lr_for_another_batch, one_class_only, queues_for_more_data
from sslrecipes.engine.class_count import (
    check_accuracies,
    check_class_count,
    check_preprocessor,
    check_same_classes,
)
from sslrecipes.engine.console import ConsoleFormatter, is_for_the_console
from sslrecipes.engine.data_parallel import SSLDistributedDataParallel, revert_sparse_sync_batchnorm
from sslrecipes.engine.dataloaders import build_seeded_loader
from sslrecipes.engine.failures import end_if_unwritable, explained
from sslrecipes.engine.log_processor import LogProcessor
from sslrecipes.engine.misfit import fitting
from sslrecipes.engine.restart.restartable_runner import RestartableRunner
from sslrecipes.engine.schedulers.closed_form import ClosedFormSchedule
from sslrecipes.models.utils.wrapping import unwrapped
from sslrecipes.registry import PARAM_SCHEDULERS, RUNNERS

#: Runners that this process has built, by timestamp.
RUNNERS_OF_SECOND: Counter[str] = Counter()


def is_closed_form(schedule: Any) -> bool:
    """Tell whether ``schedule`` is the config (not the built object) of a closed-form schedule."""
    return isinstance(schedule, dict) and issubclass(PARAM_SCHEDULERS.get(schedule['type']), ClosedFormSchedule)


@RUNNERS.register_module()
class SSLRunner(RestartableRunner):
    """mmengine's ``Runner`` for recipes that must be reproducible.

    Mended, each with its upstream reason:

    * :meth:`from_cfg`: recipes of the parent packages get our loop, optimizer wrapper and hooks, see
      :mod:`sslrecipes.config.upstream`;
    * :meth:`build_logger`: environment, config and hook lists go to the log file, not to the console (upstream prints
      several hundred lines before the first epoch); a log file that can't be written ends the run (Python prints a
      traceback for each line);
    * :meth:`build_log_processor`: short log lines, also of recipes of other packages;
    * :meth:`setup_env`, :meth:`wrap_model`: several processes on CPU (upstream needs CUDA in both) and under
      Slurm, see :mod:`sslrecipes.distributed.joining`;
    * :meth:`setup_env`: a timestamp of its own for each runner of a process (upstream's runners that are built within a
      second share logger, message hub, visualizer and so the first one's log file);
    * :meth:`build_dataloader`: augmentation seeded by (seed, epoch, index), shuffling by the config's seed (upstream
      repeats augmentations without persistent workers, and draws the shuffle seed at random with ``diff_rank_seed``);
    * :meth:`build_train_loop` and its kin: heads must have the classes of their data, the same in
      each loop;
    * :meth:`scale_lr`: counts gradient accumulation, and warns where it isn't asked for but needed;
    * :class:`RestartableRunner`: exact restarts;
    * :meth:`dump_config`: never over the config that it copies, nor over the copy of another one;
    * :meth:`register_default_hooks`: any of them can be left out (upstream leaves out its own only);
    * :meth:`train`, :meth:`register_default_hooks`: failures end in one sentence, requests to stop in a checkpoint,
      a loss that isn't finite in a decision;
    * :meth:`_init_model_weights`: detectors and segmentors take over a whole backbone, or none;
    * :meth:`load_checkpoint`: executes no code and refuses half-loaded weights (upstream logs a warning);
    * :meth:`_build_param_scheduler`: tells closed-form schedules the steps per epoch and the length of the run.
    """

    _has_backbone = False

    @classmethod
    def from_cfg(cls, cfg: Any) -> SSLRunner:
        """Build a runner from a resolved config, and log which of its classes were exchanged for ours."""
        cfg = copy.deepcopy(cfg)
        cfg.setdefault('default_scope', 'sslrecipes')
        fill_banks(cfg)
        adoption = adopt(cfg)
        runner: SSLRunner = super().from_cfg(cfg)
        for line in adoption.replaced:
            runner.logger.info(line)
        for note in adoption.notes:
            runner.logger.warning(note)
        return runner

    def build_logger(self, *args: Any, **kwargs: Any) -> MMLogger:
        """Build the logger; see :mod:`sslrecipes.engine.console` for what the console leaves out."""
        logger = super().build_logger(*args, **kwargs)
        for handler in logger.handlers:
            if not isinstance(handler, logging.FileHandler):
                handler.addFilter(is_for_the_console)
                handler.setFormatter(ConsoleFormatter())
            elif handler.stream:
                handler.stream.reconfigure(encoding='utf-8', errors='backslashreplace')  # any file name can be logged
                end_if_unwritable(handler)
        return logger

    def build_log_processor(self, log_processor: Any) -> MMEngineLogProcessor:
        """Build ours unless the config names one that isn't upstream's."""
        if isinstance(log_processor, dict):
            named = str(log_processor.get('type', '')).rpartition('.')[2]
            log_processor = {**log_processor, 'type': LogProcessor} if named in ('', 'LogProcessor') else log_processor
        return super().build_log_processor(log_processor)

    def setup_env(self, env_cfg: dict[str, Any]) -> None:
        """Join the process group, then set up as upstream; 'YYYYmmdd_HHMMSS' may get '-2' and so on."""
        how = env_cfg.get('dist_cfg', {})
        if self.distributed and not torch.distributed.is_initialized() and joins_here(self.launcher, **how):
            join_process_group(self.launcher, **how)
        if self.distributed:  # as upstream would, with a warning from every process
            for variable in ('OMP_NUM_THREADS', 'MKL_NUM_THREADS'):
                os.environ.setdefault(variable, '1')
        super().setup_env(env_cfg)
        RUNNERS_OF_SECOND[self._timestamp] += 1
        if (runners := RUNNERS_OF_SECOND[self._timestamp]) > 1:
            self._timestamp += f'-{runners}'

    def wrap_model(self, model_wrapper_cfg: dict[str, Any] | None, model: nn.Module) -> nn.Module:
        """Wrap the model with :class:`SSLDistributedDataParallel` unless the config names another wrapper."""
        if self.distributed and model_wrapper_cfg is None and not is_model_wrapper(model):
            model_wrapper_cfg = dict(
                type=SSLDistributedDataParallel,  # mmengine looks a name up in its own registry only
                broadcast_buffers=False,
                find_unused_parameters=self.cfg.get('find_unused_parameters', False),
            )
        if not self.distributed:  # upstream exchanges synchronised norms then
            model = revert_sparse_sync_batchnorm(model)
        return super().wrap_model(model_wrapper_cfg, model)

    @staticmethod
    def build_dataloader(
        dataloader: DataLoader[Any] | dict[str, Any], seed: int | None = None, diff_rank_seed: bool = False
    ) -> DataLoader[Any]:
        """Build a loader whose samples depend on (seed, epoch, index) only.

        Args:
            dataloader: Loader, or config with ``dataset``, ``sampler``, ``batch_size``, ...
            seed: The rank's seed.
            diff_rank_seed: Whether that seed contains the rank.

        Raises:
            ConfigError: For ``num_batch_per_epoch``, which would cut the data set behind the sampler's back, and for
                ``drop_last`` with a ``batch_sampler``.
        """
        return (
            dataloader if isinstance(dataloader, DataLoader) else build_seeded_loader(dataloader, seed, diff_rank_seed)
        )

    @master_only
    def dump_config(self) -> None:
        """Copy the config into the work dir, as Python (YAML and JSON have no tuples), but not over the file itself.

        The copy of an earlier start with another config gets a free name; what doesn't train leaves that copy alone.
        """
        source = Path(self.cfg.filename or self.timestamp)
        copy_of_it = Path(self.work_dir if self.owns_folder else self._log_dir, f'{source.stem}.py')
        if copy_of_it.resolve() != source.resolve():
            text = self.cfg.pretty_text
            write_atomic(copy_of_it, lambda file: file.write_text(text, encoding='utf-8'), keep_other=True)

    def register_default_hooks(self, hooks: dict[str, Any] | None = None) -> None:
        """Register the default hooks, changed as ``hooks`` says; ``name=None`` leaves any of them out."""
        for hook in {**DEFAULT_HOOKS, **(hooks or {})}.values():
            if hook is not None:
                self.register_hook(hook)

    def train(self) -> nn.Module:
        """Train; failures of memory, loader workers and other processes end in one sentence."""
        _ = self.fingerprint  # looked at now, not when the first checkpoint is written
        with explained(self), fitting(unwrapped(self.model), self.logger):
            return super().train()

    def test(self) -> dict[str, float]:
        """Evaluate; failures as in :meth:`train`."""
        with explained(self, 'test'), fitting(unwrapped(self.model), self.logger):
            metrics: dict[str, float] = super().test()
        return metrics

    def build_train_loop(self, loop: Any) -> Any:
        """Build the training loop, whose bad images are replaced; compare classifier and queues with its data."""
        loop = self._with_right_classes(super().build_train_loop(loop), 'train_dataloader')
        counts = value_at(self.cfg, 'optim_wrapper.accumulative_counts', 1)
        model = unwrapped(self.model)
        queues = queues_for_more_data(model, loop.dataloader, self.world_size, counts)
        for advice in (*queues, *one_class_only(model)):
            self.logger.warning(advice)
        if isinstance(loop.dataloader.dataset, SeededDataset):
            loop.dataloader.dataset.reader.replaces = True
        return loop

    def build_val_loop(self, loop: Any) -> Any:
        """Build the validation loop, and compare the classifier with the classes of its data."""
        return self._with_right_classes(super().build_val_loop(loop), 'val_dataloader')

    def build_test_loop(self, loop: Any) -> Any:
        """Build the test loop, and compare the classifier with the classes of its data."""
        return self._with_right_classes(super().build_test_loop(loop), 'test_dataloader')

    def _with_right_classes(self, loop: Any, loader: str) -> Any:
        model = unwrapped(self.model)
        check_class_count(model, loop.dataloader.dataset, loader)
        check_same_classes(model, self._train_loop, loop, loader)
        check_preprocessor(model)
        evaluator = loader.replace('dataloader', 'evaluator')
        check_accuracies(model, loop, evaluator, listed=not isinstance(self.cfg.get(evaluator), Mapping))
        return loop

    def scale_lr(self, optim_wrapper: Any, auto_scale_lr: dict[str, Any] | None = None) -> None:
        """Scale lr linearly with the effective batch, gradient accumulation included, or warn if it is for another."""
        if auto_scale_lr and auto_scale_lr.get('enable'):
            base = auto_scale_lr['base_batch_size'] / optim_wrapper._accumulative_counts
            auto_scale_lr = dict(auto_scale_lr, base_batch_size=base)
        elif advice := lr_for_another_batch(self.cfg, self.images_per_batch * optim_wrapper._accumulative_counts):
            self.logger.warning(advice)
        group, settings = optim_wrapper.optimizer.param_groups[0], optim_wrapper.base_param_settings
        before = group['lr']
        super().scale_lr(optim_wrapper, auto_scale_lr)
        if settings and before:  # what is logged as base_lr; upstream leaves it as it was
            settings['lr'] *= group['lr'] / before

    def _init_model_weights(self) -> Any:
        """Initialise as upstream; the first time take over, and return, the backbone that ``transfer`` names."""
        super()._init_model_weights()
        check_parts_used_alike(unwrapped(self.model), self._picture_size())
        transfer = self.cfg.get('transfer') or {}
        if not transfer.get('checkpoint') or self.resume_point or self._has_backbone:
            return None
        from sslrecipes.transfer.loading import take_over  # which imports mmdet and mmseg

        self._has_backbone = True
        return take_over(unwrapped(self.model), **transfer)

    def load_checkpoint(self, filename: str, map_location: Any = 'cpu', *_: Any, **__: Any) -> dict[str, Any]:
        """Load all weights of the model from ``filename``.

        Raises:
            CheckpointError: If the file is damaged or unsafe, or of a network with another number of heads.
            DataError: If a head of it learnt other classes than those of the data to evaluate.
            CoverageError: If it lacks weights, unless the config says ``allow_partial = True``.
        """
        from sslrecipes.engine.loading import load_model  # with all foreign layouts, which most runs don't need

        checkpoint = load_model(self, filename, map_location, self._picture_size())
        self._has_loaded = True
        return checkpoint

    def _picture_size(self) -> int | None:
        """Side of the pictures that the phase at hand takes; None for detectors and segmentors."""
        if self.cfg.get('default_scope') in ('mmdet', 'mmseg'):
            return None
        built = [name for name in ('train', 'val') if isinstance(getattr(self, f'_{name}_loop'), BaseLoop)]
        return picture_size(self.cfg.get(f'{[*built, "test"][0]}_dataloader'))

    def _build_param_scheduler(self, scheduler: Any, optim_wrapper: Any) -> list[Any]:
        filled = dict(convert_to_iter_based=True, accumulative_counts=optim_wrapper._accumulative_counts)
        trained = value_at(self.cfg, 'train_cfg.max_epochs')
        length = {} if trained is None else dict(epochs=trained)
        for advice in lengths_that_do_not_fit(self.cfg):
            self.logger.warning(advice)
        schedules = scheduler if isinstance(scheduler, (list, tuple)) else [scheduler]
        return super()._build_param_scheduler(
            [{**length, **one, **filled} if is_closed_form(one) else one for one in schedules], optim_wrapper
        )
