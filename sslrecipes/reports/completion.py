"""What a report has to compute about a run: the trivial loss of its model, and the scores of its milestones."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.logging import MMLogger

from sslrecipes.checkpoint.files.sealing import seal_of, sha256
from sslrecipes.checkpoint.files.store import CheckpointStore
from sslrecipes.config.loading import import_components
from sslrecipes.config.places import value_at
from sslrecipes.errors import CheckpointError, DataError, StorageError, UserError
from sslrecipes.reports.run_record import RunRecord
from sslrecipes.reports.scores import CACHE, REFERENCE, UNTRAINED, Network, Score, Scores, read_cache, write_cache

#: Libraries whose models have no single vector of an image to compare.
OTHER_TASKS = {'mmdet': 'detectors', 'mmseg': 'segmentors'}
#: What a model of a project that isn't there, or of another version, ends in.
BROKEN = (AssertionError, AttributeError, ImportError, LookupError, OSError, RuntimeError, TypeError, ValueError)
LOGGER = 'sslrecipes.reports'
NOT_EVALUATED = 'the milestones were not evaluated (--no-evaluation)'


def completed(
    run: RunRecord, cache: Path, *, evaluate: bool = True, reference: Path | None = None, limit: int = 5000
) -> RunRecord:
    """Add the trivial loss and the scores of the milestones.

    Args:
        run: The run.
        cache: Folder where scores are found again.
        evaluate: Whether to score milestones that haven't been.
        reference: A checkpoint to compare them with.
        limit: At most this many images.

    Raises:
        CheckpointError: If the reference can't be read or is of another network.
    """
    with quiet():
        run = replace(run, trivial_loss=trivial_loss_of(run))
        if not evaluate:
            return replace(run, no_scores=NOT_EVALUATED)
        try:
            return replace(run, scores=scores_of(run, cache / CACHE, reference, limit))
        except StorageError:
            raise
        except UserError as error:
            if reference and isinstance(error, CheckpointError):
                raise
            return replace(run, no_scores=str(error).rstrip('.'))


def trivial_loss_of(run: RunRecord) -> float | None:
    """Loss of a network that tells no images apart: as logged, else as the model of the config knows it."""
    if logged := run.curve('collapse/trivial_loss'):
        return logged.values[-1]
    if _task_of(run) or not run.config.values.get('model'):
        return None
    from sslrecipes.commands.networks import build_network  # which takes torch and seconds
    from sslrecipes.models.utils.trivial_loss import trivial_loss

    try:
        cfg = Config(dict(run.config.values))
        import_components(cfg)
        network = build_network(cfg)
        head: Any = getattr(network, 'head', None)
        known = trivial_loss(network)
        if known is None and hasattr(head, 'check_batches') and (batch := batch_of_single_process(run)):
            head.check_batches({batch})  # what it depends on, which only a training tells
            return trivial_loss(network)
        return known
    except BROKEN as error:
        MMLogger.get_current_instance().warning(f'The model of "{run.folder}" can not be built: {error}')
        return None


def batch_of_single_process(run: RunRecord) -> int | None:
    """Images of a step of a run of one process, as its speed tells; None for several processes, or if nothing does."""
    batch = value_at(run.config.values, 'train_dataloader.batch_size')
    rate, seconds = run.curve('images_per_second'), run.curve('time')
    if not isinstance(batch, int) or not rate or not seconds:
        return None
    return batch if round(rate.values[-1] * seconds.values[-1] / batch) == 1 else None


def scores_of(run: RunRecord, cache: Path, reference: Path | None, limit: int) -> Scores:
    """Score the milestones, the untrained network and the reference, those that the cache doesn't know.

    Raises:
        UserError: If that isn't possible.
    """
    if task := _task_of(run):
        raise DataError(f'{task} have no single vector of an image to compare')
    if not value_at(run.config.values, 'model.backbone'):
        raise DataError('the config of the run tells no backbone')
    networks = milestones(run.folder)
    if not networks:
        raise DataError('there is no checkpoint of it')
    seed = value_at(run.config.values, 'randomness.seed') or 0
    wanted = [Network(UNTRAINED, f'{UNTRAINED} {seed}'), *networks]
    if reference:
        wanted.append(Network(REFERENCE, digest_of(reference), reference))
    return _scored(run, cache, wanted, limit)


def _scored(run: RunRecord, cache: Path, wanted: list[Network], limit: int) -> Scores:
    from sslrecipes.reports.feature_scores import Evaluation, images_of  # which takes torch and seconds

    images, loader = images_of(run.config.values)
    data = repr((value_at(run.config.values, 'model.backbone'), loader.get('dataset'), limit))
    known = read_cache(cache, data)
    missing = [network for network in wanted if network.digest not in known]
    if missing:
        import_components(Config(dict(run.config.values)))
        evaluation = Evaluation(run.config.values, limit)
        for score in evaluation.score_all(missing):
            known[score.digest] = score
            write_cache(cache, data, list(known.values()))
    found = {network.name: known[network.digest] for network in wanted if network.digest in known}
    untrained, reference = found.pop(UNTRAINED, None), found.pop(REFERENCE, None)
    if wanted[-1].name == REFERENCE and reference is None:
        raise CheckpointError(
            f'"{wanted[-1].file}" can not be compared: it does not fit the network of "{run.folder}".'
        )
    return Scores(images, [_named(score, name) for name, score in found.items()], untrained, reference)


def _named(score: Score, name: str) -> Score:
    """The score under the present name: one file may have been another's copy."""
    return replace(score, name=name)


def milestones(folder: Path) -> list[Network]:
    """List the checkpoints of a run, the oldest first; those that are damaged are left out when they are read."""
    return [Network(file.stem, digest_of(file), file) for file in CheckpointStore(folder).checkpoints()]


def digest_of(file: Path) -> str:
    """Tell a file from others: by the digest that it carries, or else its content's.

    Raises:
        CheckpointError: If there is no such file.
    """
    try:
        return seal_of(file) or sha256(file)
    except OSError as error:
        raise CheckpointError(f'"{file}" can not be read: {error.strerror or error}.') from error
    except CheckpointError:
        return sha256(file)


def _task_of(run: RunRecord) -> str:
    return OTHER_TASKS.get(str(run.config.values.get('default_scope')), '')


@contextmanager
def quiet() -> Iterator[None]:
    """Keep mmengine from listing all weights that it initialises or loads, also in the log of a run of this process."""
    MMLogger.get_instance(LOGGER, log_level='WARNING')  # the present one from now on
    try:
        yield
    finally:
        MMLogger._instance_dict.pop(LOGGER, None)
