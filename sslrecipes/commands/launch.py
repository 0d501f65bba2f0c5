"""What ``tools/train.py`` and ``tools/test.py`` do with a resolved config."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.dist import master_only
from mmengine.logging import print_log

from sslrecipes.checkpoint.files.store import CheckpointStore
from sslrecipes.checkpoint.files.writing import write_atomic
from sslrecipes.commands import dry_run as report
from sslrecipes.commands.config_check import check_config
from sslrecipes.commands.culprits import told
from sslrecipes.commands.memory import keep_freed_memory
from sslrecipes.commands.rehearsal import rehearse, scratch
from sslrecipes.config.places import children
from sslrecipes.config.preconditions import check_weights
from sslrecipes.config.upstream import adopted
from sslrecipes.datasets.evaluator_preflight import check_evaluator
from sslrecipes.datasets.preflight import check_dataset
from sslrecipes.datasets.remarks import Remark
from sslrecipes.engine.class_count import learns_labels
from sslrecipes.engine.distributed import leaving_process_group
from sslrecipes.engine.failures import leave_lost_storage_to_the_main_thread
from sslrecipes.engine.restart.circumstances import weight_files
from sslrecipes.engine.restart.resume_point import FinishedRunError
from sslrecipes.engine.runner import SSLRunner
from sslrecipes.errors import CheckpointError, ConfigError, DataError
from sslrecipes.models.wrapping import unwrapped

#: Where the loaders of a phase stand.
LOADERS = {
    'train': ('train_dataloader', 'val_dataloader', 'val_cfg', 'custom_hooks'),
    'test': ('test_dataloader', 'test_cfg'),
}


class TrainingRunner(SSLRunner):
    """The runner of ``tools/train.py``: it leaves a run that is over alone."""

    enters_finished_run = False


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


def train(cfg: Config, verify: bool = False) -> None:
    """Check, build and train.

    Args:
        cfg: Resolved config.
        verify: Whether the backbone must first prove to compute what the pre-trained one does, see
            :func:`sslrecipes.transfer.verify.verify_backbone`.
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

    runner._init_model_weights()
    report = verify_backbone(unwrapped(runner.model), transfer['checkpoint'], transfer.get('part', 'student'))
    runner.logger.info(report.summary())


def dry_run(cfg: Config, verify: bool = False) -> None:
    """Do all that training does before its first batch, print what the run would be, and leave nothing behind.

    Weight files are needed only to ``verify`` them.
    """
    with told(cfg), scratch(cfg):
        missing = dict(missing_weights(cfg))
        runner = build_runner(cfg, 'train', needs_weights=verify)
        if verify:
            verify_transfer(runner)
        bare = deepcopy(unwrapped(runner.model))
        rehearse(runner, with_weights=not missing)
        report.print_report(runner, missing, bare)


def test(cfg: Config, checkpoint: str | None = None, out: str | None = None) -> dict[str, Any]:
    """Check, build and evaluate; without ``checkpoint`` the model initialises itself as its config says.

    Args:
        cfg: Resolved config.
        checkpoint: Weights of the whole model.
        out: JSON file for the metrics.

    Returns:
        The metrics.
    """
    if checkpoint:
        cfg.load_from = checkpoint
    if not cfg.get('test_dataloader'):
        raise ConfigError(f'"{cfg.filename}" has no test_dataloader: give a config that evaluates.')
    with told(cfg):
        runner = build_runner(cfg, 'test', needs_weights=checkpoint is None)
        if not cfg.get('load_from'):
            runner._init_model_weights()
        metrics: dict[str, Any] = runner.test()
    if out:
        _write_metrics(Path(out), metrics)
    return metrics


def build_runner(cfg: Config, phase: str, needs_weights: bool = True, kind: type[SSLRunner] | None = None) -> SSLRunner:
    """Check everything that can be checked without work, then build the runner.

    Args:
        cfg: Resolved config.
        phase: ``'train'`` or ``'test'``: whose data must be there.
        needs_weights: Whether the weight files that the model starts from must be there, too.
        kind: Class of the runner; by default one that owns its folder if the phase is ``'train'``.

    Raises:
        UserError: The first mistake found, in one sentence.
    """
    leave_lost_storage_to_the_main_thread()
    check_config(adopted(cfg))
    begins_with = None if cfg.get('resume') else cfg.get('load_from')  # what it resumes may have descendants
    if begins_with:
        check_weights(begins_with)
    for place, file in missing_weights(cfg) if needs_weights else ():
        reason = f'"{file}" is no regular file' if Path(file).exists() else f'there is no file "{file}"'
        raise CheckpointError(f'{place}: {reason}.', place)
    remarks = dict.fromkeys(check_data(cfg, phase))
    remarks |= dict.fromkeys(check_evaluators(cfg, phase))
    runner: SSLRunner = (kind or (SSLRunner if phase == 'train' else GuestRunner)).from_cfg(cfg)
    for remark in remarks:
        runner.logger.log(remark.level, remark.text)
    return runner


def check_data(cfg: Config, phase: str) -> Iterator[Remark]:
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
        if loader and isinstance(metric, Mapping):
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


@master_only
def tell(sentence: str) -> None:
    """Tell the user something where there is no runner to log it."""
    print_log(sentence)


@master_only
def _write_metrics(path: Path, metrics: dict[str, Any]) -> None:
    text = json.dumps(metrics, indent=2) + '\n'
    write_atomic(path, lambda file: file.write_text(text))
