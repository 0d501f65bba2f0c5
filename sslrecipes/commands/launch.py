"""From a command line and a resolved config to a runner: all that can be checked before there is work to lose."""

from __future__ import annotations

import argparse
import ctypes
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from itertools import chain
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config

from sslrecipes.checkpoint.files.store import CheckpointStore
from sslrecipes.commands.config_check import check_components
from sslrecipes.config.places import children
from sslrecipes.config.preconditions import check_weights
from sslrecipes.config.upstream import adopted
from sslrecipes.datasets.preflight.dataset import check_dataset
from sslrecipes.datasets.preflight.remarks import Remark
from sslrecipes.engine.class_count import learns_labels
from sslrecipes.engine.failures import leave_lost_storage_to_the_main_thread
from sslrecipes.engine.restart.fingerprint import weight_files
from sslrecipes.engine.runner import SSLRunner
from sslrecipes.errors import CheckpointError, ConfigError, DataError

M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4
#: Where the loaders of a phase stand.
LOADERS = {
    'train': ('train_dataloader', 'val_dataloader', 'val_cfg', 'custom_hooks'),
    'test': ('test_dataloader', 'test_cfg'),
}


class GuestRunner(SSLRunner):
    """The runner of tools that don't train: it writes into its log dir only, also beside a run that is going on."""

    owns_folder = False


def apply_arguments(cfg: Config, args: argparse.Namespace) -> None:
    """Write the command line into ``cfg``: work dir, launcher, resume, mixed precision, lr scaling."""
    cfg.launcher = args.launcher
    cfg.work_dir = args.work_dir
    resume = getattr(args, 'resume', None)
    if resume:
        # the weights that a first start begins with mean no more once there is a checkpoint
        cfg.resume = resume != 'auto' or not cfg.get('load_from') or bool(CheckpointStore(args.work_dir).checkpoints())
        if cfg.resume:
            cfg.load_from = None if resume == 'auto' else resume
    if getattr(args, 'accept_changes', False):
        if not resume:
            raise ConfigError('--accept-changes goes with --resume.')
        cfg.accept_changes = True
    if getattr(args, 'amp', False):
        scope, dot, name = cfg.optim_wrapper.get('type', 'OptimWrapper').rpartition('.')
        cfg.optim_wrapper.type = f'{scope}{dot}Amp{name.removeprefix("Amp")}'
    if getattr(args, 'auto_scale_lr', False):
        if 'base_batch_size' not in cfg.get('auto_scale_lr', {}):
            raise ConfigError('--auto-scale-lr needs a recipe that states auto_scale_lr.base_batch_size.')
        cfg.auto_scale_lr.enable = True


def build_runner(cfg: Config, phase: str, needs_weights: bool = True, kind: type[SSLRunner] | None = None) -> SSLRunner:
    """Check everything that can be checked without work, then build the runner.

    Args:
        cfg: Loaded config (:func:`sslrecipes.config.loading.load_config`, which checks what needs no torch).
        phase: ``'train'`` or ``'test'``: whose data must be there.
        needs_weights: Whether the weight files that the model starts from must be there, too.
        kind: Class of the runner; by default one that owns its folder if the phase is ``'train'``.

    Raises:
        UserError: The first mistake found, in one sentence.
    """
    leave_lost_storage_to_the_main_thread()
    remarks = check_cfg(cfg, phase, lambda file: not needs_weights and file != cfg.get('load_from'))
    runner: SSLRunner = (kind or (SSLRunner if phase == 'train' else GuestRunner)).from_cfg(cfg)
    for remark in remarks:
        runner.logger.log(remark.level, remark.text)
    return runner


def check_cfg(cfg: Config, phase: str, comes: Callable[[str], bool]) -> list[Remark]:
    """Check everything that can be checked without work.

    Args:
        cfg: Loaded config.
        phase: ``'train'`` or ``'test'``: whose data must be there.
        comes: Tells of a weight file whether it needn't be there yet.

    Returns:
        What is odd, but may be meant.

    Raises:
        UserError: The first mistake found, in one sentence.
    """
    check_components(adopted(cfg))
    begins_with = None if cfg.get('resume') else cfg.get('load_from')  # what it resumes may have descendants
    if begins_with and not comes(begins_with):
        check_weights(begins_with)
    for place, file in missing_weights(cfg):
        if not comes(file):
            reason = f'"{file}" is no regular file' if Path(file).exists() else f'there is no file "{file}"'
            raise CheckpointError(f'{place}: {reason}.', place)
    return list(dict.fromkeys(chain(check_datasets(cfg, phase), check_evaluators(cfg, phase))))


def check_datasets(cfg: Config, phase: str) -> Iterator[Remark]:
    """Check every data set of a phase; yields what is odd, but may be meant.

    Raises:
        DataError: The first mistake found.
    """
    for key in LOADERS[phase]:
        for place, dataset in find_datasets(cfg.get(key), key):
            try:
                yield from check_dataset(dataset, place, key != 'train_dataloader' or learns_labels(cfg))
            except DataError as error:
                raise DataError(str(error), f'{place}.data_root') from None


def check_evaluators(cfg: Config, phase: str) -> Iterator[Remark]:
    """Compare the annotation files of a phase's metrics with its data sets; yields what is odd, but may be meant.

    Raises:
        DataError: The first mistake found.
    """
    stage = 'val' if phase == 'train' else phase
    metrics, loader = cfg.get(f'{stage}_evaluator') or [], cfg.get(f'{stage}_dataloader')
    for metric in metrics if isinstance(metrics, (list, tuple)) else [metrics]:
        if loader and isinstance(metric, Mapping) and metric.get('ann_file'):
            from sslrecipes.datasets.preflight.evaluator import check_evaluator  # which reads COCO's files

            yield from check_evaluator(metric, loader['dataset'], f'{stage}_evaluator', f'{stage}_dataloader.dataset')


def missing_weights(cfg: Config) -> Iterator[tuple[str, str]]:
    """Yield the place and the name of every weight file that a recipe names but that isn't there."""
    return ((place, file) for place, file in weight_files(cfg) if not Path(file).is_file())


def find_datasets(node: Any, place: str) -> Iterator[tuple[str, Any]]:
    """Yield the place and the config of every loader's data set at or below ``node``."""
    if isinstance(node, dict) and 'dataset' in node:
        yield f'{place}.dataset', node['dataset']
    else:
        for step, value in children(node):
            yield from find_datasets(value, place + step)


def keep_freed_memory() -> None:
    """Let glibc reuse freed blocks instead of returning them to the system; does nothing with a GPU or another libc.

    Otherwise every activation larger than some megabytes is mapped, zeroed page by page, and unmapped in each step:
    several per cent of a ViT-B step. The process keeps its peak memory in return.
    """
    if torch.cuda.is_available():
        return
    with suppress(OSError, AttributeError):
        mallopt = ctypes.CDLL('libc.so.6').mallopt
        mallopt(M_MMAP_MAX, 0)
        mallopt(M_TRIM_THRESHOLD, -1)
