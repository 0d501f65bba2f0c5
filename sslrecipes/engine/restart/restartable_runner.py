"""A runner whose run can be left at any optimizer step and entered again."""

from __future__ import annotations

import time
import weakref
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

from mmengine.runner import Runner
from torch import nn

from sslrecipes.checkpoint.files.store import CheckpointStore
from sslrecipes.checkpoint.files.superseded import numbered_folder
from sslrecipes.checkpoint.files.writing import BackgroundWriter
from sslrecipes.datasets.seeding import batch_size_of
from sslrecipes.distributed.control import from_main_process
from sslrecipes.distributed.step_vote import StepVote
from sslrecipes.engine.failures import is_lost_storage, unwritable
from sslrecipes.engine.restart.fingerprint import STORED_AS, dataset_facts, fingerprint
from sslrecipes.engine.restart.resume_point import FinishedRunError, ResumePoint, find_resume_point, told_as_over
from sslrecipes.engine.restart.state import as_builtins, collect_state
from sslrecipes.errors import StorageError
from sslrecipes.paths.ownership import Claim, claim


class RestartableRunner(Runner):
    """mmengine's ``Runner`` with exact restarts, from files that are whole or not there.

    Upstream forgets the position in the epoch, the generators and the buffers of the other processes, goes on under
    whatever circumstances, and writes its files in place.

    Attributes:
        vote: What its hooks ask all processes once per optimizer step.
    """

    #: Whether it writes into the folder of a run, of which there is one at a time.
    owns_folder: ClassVar[bool] = True
    #: Whether a run that is over may be entered once more.
    enters_finished_run: ClassVar[bool] = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._claim: Claim | None = None
        self.vote = StepVote()
        try:
            super().__init__(*args, **kwargs)
        except BaseException as error:
            if self._claim:
                self._withdraw()
            if isinstance(error, OSError) and is_lost_storage(error, self._work_dir):
                raise unwritable(error, self._work_dir) from error
            raise

    def setup_env(self, env_cfg: dict[str, Any]) -> None:
        """Set up as upstream, make the folder this run's own, and find out whether there is a run to go on with.

        Raises:
            StorageError: Another run is going on in the folder, or it can't be written.
        """
        super().setup_env(env_cfg)
        if self.owns_folder and self._train_loop is not None:
            from_main_process(self._claim_folder)
        self.resume_point = find_resume_point(self.cfg, self.work_dir) if self.cfg.get('resume') else None
        self._saved: tuple[int, int] | None = None
        self._writer = BackgroundWriter(self.store.save)

    def set_randomness(self, seed: int | None, diff_rank_seed: bool = False, deterministic: bool = False) -> None:
        """Seed as upstream; a resumed run without a seed of its own keeps that of the checkpoint.

        Files are written from here on.

        Raises:
            CheckpointError: If the run to go on with was another one.
            FinishedRunError: If it is over, and such runs aren't entered.
        """
        point = self.resume_point
        super().set_randomness(point.meta['seed'] if point and seed is None else seed, diff_rank_seed, deterministic)
        if point:
            point.check(STORED_AS, self.fingerprint, self.cfg.get('accept_changes', False))
            if not self.enters_finished_run and (sentence := self._told_as_over(point)):
                raise FinishedRunError(sentence)
        self._timestamp = from_main_process(self._begin_to_write)

    def _claim_folder(self) -> None:
        self._claim = claim(self.work_dir)
        self._withdraw = weakref.finalize(self, self._claim.withdraw)

    def _told_as_over(self, point: ResumePoint) -> str:
        last = self._claim.last if self._claim else None
        return from_main_process(lambda: told_as_over(point, self.cfg, self.work_dir, last))

    def _begin_to_write(self) -> str:
        """Remove what killed writers left, and make a log dir of which nobody else knows; returns its name."""
        if self._claim:
            self.store.remove_debris()
        return numbered_folder(Path(self.work_dir, self._timestamp)).name

    def train(self) -> nn.Module:
        """Train as upstream, and give the folder back at the end."""
        finished = None
        try:
            model: nn.Module = super().train()
            if getattr(self.train_loop, 'is_done', False):
                finished = self.epoch, self.iter
        finally:
            with suppress(StorageError):
                self._writer.wait()
            if self._claim and self._withdraw.detach():
                self._claim.release(finished)
        return model

    @cached_property
    def fingerprint(self) -> dict[str, str]:
        """What the run depends on besides its data."""
        return fingerprint(self.cfg, self.world_size, self.shared_seed)

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

    @property
    def here(self) -> Path:
        """Where the checkpoint of the present position belongs."""
        return self.store.path(self.epoch, self.iter if self.train_loop.batches_done else None)

    def save_here(self, background: bool = False) -> Path:
        """Write a checkpoint of the present position, unless that has just been done; collective.

        Args:
            background: Write a copy from a thread while training goes on; :meth:`wait_for_writing` waits for it.

        Returns:
            The file.

        Raises:
            StorageError: On all processes, if the file can't be written.
        """
        path = self.here
        if self.saved_here:
            return path
        state = collect_state(self, self._meta())
        own = set(state)
        self.call_hook('before_save_checkpoint', checkpoint=state)
        added = {key: value for key, value in state.items() if key not in own}
        state.update(as_builtins(added))  # lest nobody can read them
        from_main_process(lambda: (self._writer.write if background else self.store.save)(path, state))
        self._saved = self.epoch, self.iter
        return path

    def wait_for_writing(self) -> None:
        """Wait until the checkpoint that is being written in the background is on the disk; collective.

        Raises:
            StorageError: On all processes, if it can't be written.
        """
        from_main_process(self._writer.wait)

    @cached_property
    def _dataset_facts(self) -> dict[str, str]:
        return dataset_facts(self.train_dataloader.dataset)

    def _meta(self) -> dict[str, Any]:
        dataset = self.train_dataloader.dataset
        return {
            'seed': self.shared_seed,
            STORED_AS: self.fingerprint,
            'dataset': self._dataset_facts,
            'ancestors': self.resume_point.ancestors if self.resume_point else [],
            'batches_per_epoch': len(self.train_dataloader),
            'images_per_batch': self.images_per_batch,
            'cfg': self.cfg.pretty_text,
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
        """Go on with the run that wrote ``filename``, exactly; see :mod:`sslrecipes.engine.restart.resume`."""
        assert self.resume_point is not None
        assert str(self.resume_point.path) == filename
        from sslrecipes.engine.restart.resume import enter  # a run that begins anew loads nothing

        enter(self, self.resume_point)
        is_stored = not self.resume_point.changes or self.train_loop.is_done
        self._saved = (self.epoch, self.iter) if is_stored else None
        self._has_loaded = True
