"""A training up to its first batch, in a folder that is gone afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.runner import Runner

from sslrecipes.checkpoint.files.store import CheckpointStore
from sslrecipes.config.places import children, walk
from sslrecipes.datasets.preflight.dataset_options import writes_itself
from sslrecipes.errors import StorageError


class _Rehearsed(BaseException):
    """Everything before the first batch has been done."""


class _EndBeforeFirstBatch(Hook):
    """End a training after the ``before_train`` of all other hooks."""

    priority = 'VERY_LOW'

    def before_train(self, runner: Runner) -> None:
        raise _Rehearsed


def rehearse(runner: Any, with_weights: bool = True) -> None:
    """Do what a training does before its first batch: every check is the training's own.

    Args:
        runner: The runner that would train; it can't train any more afterwards.
        with_weights: Whether weights are loaded as well.
    """
    runner.register_hook(_EndBeforeFirstBatch(), priority='LOWEST')
    if not with_weights:
        vars(runner)['_init_model_weights'] = lambda: None
    with suppress(_Rehearsed):
        runner.train()


@contextmanager
def scratch(cfg: Config) -> Iterator[None]:
    """Let what is built from ``cfg`` write into a folder beside its work dir, that is removed in the end.

    So do data sets that write what isn't there. Trackers aren't told.

    Args:
        cfg: Resolved config, which is changed.

    Raises:
        StorageError: The work dir could not be made.
    """
    work_dir = Path(cfg.work_dir).absolute()
    above = next(folder for folder in (work_dir, *work_dir.parents) if folder.is_dir())
    try:
        folder = TemporaryDirectory(prefix='.dry-run-', dir=above, ignore_cleanup_errors=True)
    except OSError as error:
        raise StorageError(f'Cannot write to "{above}": {error.strerror}.') from error
    with folder as name:
        if cfg.get('resume') and not cfg.get('load_from'):
            newest, _ = CheckpointStore(cfg.work_dir).newest_good()
            cfg.load_from = str(newest) if newest else None
        cfg.work_dir = name
        cfg.visualizer = {**(cfg.get('visualizer') or {'type': 'Visualizer'}), 'vis_backends': []}
        for root in _absent_roots(cfg):
            _move(cfg, root, f'{name}/data/')
        yield


def _absent_roots(cfg: Config) -> set[str]:
    nodes = [node for _, node in walk(cfg) if isinstance(node, dict) and 'type' in node and writes_itself(node)]
    return {str(node['data_root']) for node in nodes if node.get('data_root') and not Path(node['data_root']).exists()}


def _move(node: Any, old: str, new: str) -> None:
    """Replace the beginning of ``old`` and of every path below it."""
    folder = old.rstrip('/') + '/'
    for step, value in children(node):
        if isinstance(value, str) and f'{value}/'.startswith(folder):
            node[int(step[1:-1]) if step.startswith('[') else step[1:]] = new + value[len(folder) :]
        else:
            _move(value, old, new)
