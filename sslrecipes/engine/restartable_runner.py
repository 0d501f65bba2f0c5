"""A runner whose run can be left at any optimizer step and entered again."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any

from mmengine.runner import Runner

from sslrecipes.checkpoint.store import CheckpointStore
from sslrecipes.checkpoint.writing import BackgroundWriter
from sslrecipes.datasets.seeding import batch_size_of
from sslrecipes.engine.agreement import any_rank
from sslrecipes.engine.circumstances import circumstances, dataset_facts
from sslrecipes.engine.restart import collect_state, plain
from sslrecipes.engine.resume import enter, find_resume_point
from sslrecipes.errors import StorageError


class RestartableRunner(Runner):
    """mmengine's ``Runner`` with exact restarts, from files that are whole or not there.

    Upstream forgets the position in the epoch, the generators and the buffers of the other processes, goes on under
    whatever circumstances, and writes its files in place.
    """

    def setup_env(self, env_cfg: dict[str, Any]) -> None:
        """Set up as upstream, and find out whether there is a run to go on with."""
        super().setup_env(env_cfg)
        self.resume_point = find_resume_point(self.cfg, self.work_dir) if self.cfg.get('resume') else None
        self._saved: tuple[int, int] | None = None
        self._writer = BackgroundWriter(self.store.save)

    def set_randomness(self, seed: int | None, diff_rank_seed: bool = False, deterministic: bool = False) -> None:
        """Seed as upstream; a resumed run without a seed of its own keeps that of the checkpoint.

        Raises:
            CheckpointError: If the run to go on with was another one.
        """
        point = self.resume_point
        super().set_randomness(point.meta['seed'] if point and seed is None else seed, diff_rank_seed, deterministic)
        if point:
            point.check('circumstances', self.circumstances, self.cfg.get('accept_changes', False))

    @cached_property
    def circumstances(self) -> dict[str, str]:
        """What the run depends on besides its data."""
        return circumstances(self.cfg, self.world_size, self.shared_seed)

    @property
    def shared_seed(self) -> int:
        """Seed of the run, the same on every process."""
        return self.seed - self.rank if self.cfg.get('randomness', {}).get('diff_rank_seed') else self.seed

    @property
    def accumulative_counts(self) -> int:
        """Micro-batches per optimizer step."""
        wrapper = self.optim_wrapper
        return wrapper.get('accumulative_counts', 1) if isinstance(wrapper, dict) else wrapper._accumulative_counts

    @property
    def images_per_batch(self) -> int:
        """Images of a micro-batch over all processes."""
        return batch_size_of(self.train_dataloader) * self.world_size

    @property
    def saved_here(self) -> bool:
        """Whether the present position is stored in a checkpoint."""
        return (self.epoch, self.iter) == self._saved

    @property
    def store(self) -> CheckpointStore:
        """The run's checkpoints."""
        return CheckpointStore(self.work_dir)

    def save_here(self, background: bool = False) -> Path:
        """Write a checkpoint of the present position, unless that has just been done; collective.

        Args:
            background: Write a copy from a thread while training goes on; :meth:`wait_for_writing` waits for it.

        Returns:
            The file.

        Raises:
            StorageError: On all processes, if the file can't be written.
        """
        path = self.store.path(self.epoch, self.iter if self.train_loop.batches_done else None)
        if self.saved_here:
            return path
        state = collect_state(self, self._meta())
        own = set(state)
        self.call_hook('before_save_checkpoint', checkpoint=state)
        state.update({key: plain(value) for key, value in state.items() if key not in own})  # lest nobody can read it
        self.on_main_process(lambda: (self._writer.write if background else self.store.save)(path, state))
        self._saved = self.epoch, self.iter
        return path

    def wait_for_writing(self) -> None:
        """Wait until the checkpoint that is being written in the background is on the disk; collective.

        Raises:
            StorageError: On all processes, if it can't be written.
        """
        self.on_main_process(self._writer.wait)

    def on_main_process(self, action: Callable[[], object]) -> None:
        """Do something with files on process 0; a :class:`StorageError` reaches all processes; collective."""
        failure: StorageError | None = None
        if self.rank == 0:
            try:
                action()
            except StorageError as error:
                failure = error
        if any_rank(failure is not None)[0]:
            raise failure or StorageError('Process 0 could not write the checkpoint: see its message.')

    @cached_property
    def _dataset_facts(self) -> dict[str, str]:
        return dataset_facts(self.train_dataloader.dataset)

    @cached_property
    def _pretty_config(self) -> str:
        return self.cfg.pretty_text  # takes 0.1 s

    def _meta(self) -> dict[str, Any]:
        dataset = self.train_dataloader.dataset
        return {
            'seed': self.shared_seed,
            'circumstances': self.circumstances,
            'dataset': self._dataset_facts,
            'batches_per_epoch': len(self.train_dataloader),
            'images_per_batch': self.images_per_batch,
            'cfg': self._pretty_config,
            'dataset_meta': getattr(dataset, 'metainfo', None),
            'experiment_name': self.experiment_name,
            'time': time.strftime('%Y%m%d_%H%M%S'),
        }

    def load_or_resume(self) -> None:
        """Go on with a run, or load weights, as the config says."""
        if self._has_loaded:
            return
        if self.resume_point:
            self.resume(str(self.resume_point.path))
        elif self._resume and self._load_from is None:
            self.logger.info(f'There is nothing to resume in "{self.work_dir}" yet: training starts at the beginning.')
        else:
            super().load_or_resume()

    def resume(self, filename: str, *_: Any, **__: Any) -> None:
        """Go on with the run that wrote ``filename``, exactly; see :mod:`sslrecipes.engine.resume`."""
        assert self.resume_point is not None
        assert str(self.resume_point.path) == filename
        enter(self, self.resume_point)
        self._saved = None if self.resume_point.changes else (self.epoch, self.iter)
        self._has_loaded = True
