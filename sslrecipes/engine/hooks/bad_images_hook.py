"""Bad training images: counted, listed, and only so many."""

from __future__ import annotations

import shlex
from pathlib import Path

from mmengine.dist import barrier, is_main_process
from mmengine.hooks import Hook
from mmengine.runner import Runner

from sslrecipes.checkpoint.files.superseded import set_aside
from sslrecipes.datasets.images.bad_images import BadImageList
from sslrecipes.datasets.images.bad_samples import file_datasets
from sslrecipes.datasets.seeding import SeededDataset
from sslrecipes.distributed.control import any_rank
from sslrecipes.errors import ConfigError, RunError, counted
from sslrecipes.registry import HOOKS


@HOOKS.register_module()
class BadImagesHook(Hook):
    """List the training images that had to be replaced, and stop a run that has too many of them.

    Each is listed once, with the reason, in a file of the work folder; a resumed run goes on with the file, any other
    begins a new one and keeps the old as ``*.superseded``. If more than ``limit`` of the training images are bad, all
    processes stop after the same optimizer step. Does nothing if the training data are no files. Needs
    :class:`sslrecipes.engine.loops.SSLTrainLoop`.

    Args:
        limit: Largest share (0-1) of the training images that may be bad.
        filename: Name of the list in the work folder.

    Raises:
        ConfigError: ``limit`` isn't a share.
        RunError: Before training or after an optimizer step, if too many images are bad.
    """

    def __init__(self, limit: float = 0.01, filename: str = 'bad_images.txt') -> None:
        if not 0 <= limit <= 1:
            raise ConfigError(f'BadImagesHook: limit is a share between 0 and 1, not {limit}.')
        self.limit = limit
        self.filename = filename
        self.num_images = 0
        self._root = 'FOLDER'

    def before_train(self, runner: Runner) -> None:
        """Tell the reader of the samples, before data workers are started, where the list is."""
        self.list = BadImageList(Path(runner.work_dir) / self.filename)
        if is_main_process() and not runner._resume:
            set_aside(self.list.path)
        barrier()
        self.num_images = 0
        dataset = runner.train_dataloader.dataset
        if isinstance(dataset, SeededDataset):
            dataset.reader.bad.listed = BadImageList(self.list.path)
            for part in file_datasets(dataset):
                self.num_images += len(part)
                self._root = getattr(part, 'data_root', '') or self._root
        runner.vote.add('bad images', self._too_many)
        self._tell_news(runner)
        if any_rank(self._too_many())[0]:
            raise self._end()
        if damaged := self.list.damaged:
            lines = counted(damaged, 'line')
            runner.logger.warning(f'Not counted, because damaged or too old: {lines} of "{self.list.path}".')

    def after_optimizer_step(self, runner: Runner) -> None:
        """Log the images that were found since the last step, and stop if they are too many."""
        if self.num_images:
            self._tell_news(runner)
            if runner.vote.take('bad images'):
                raise self._end()

    def _too_many(self) -> bool:
        return self.num_images > 0 and len(self.list) / self.num_images > self.limit

    def _tell_news(self, runner: Runner) -> None:
        if self.list.refresh():
            image, reason = self.list.last
            runner.logger.warning(f'Bad images: {self._share()}, the last "{image}" ({reason}); see "{self.list.path}"')

    def _end(self) -> RunError:
        self.list.refresh()  # another process may have found the last one
        root = shlex.quote(str(self._root))
        return RunError(
            f'{self._share()} are bad, more than {self.limit:.2%}: they are listed in "{self.list.path}". Mend or '
            f'remove them (`python tools/check_data.py {root}` finds all), delete the list and start again '
            'with --resume (and --accept-changes if pictures are gone), or raise default_hooks.bad_images.limit.'
        )

    def _share(self) -> str:
        count = len(self.list)
        return f'{count} of {self.num_images} training images ({count / self.num_images:.2%})'
