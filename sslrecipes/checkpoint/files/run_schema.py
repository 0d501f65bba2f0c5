"""What the checkpoint of a run holds: one schema, looked at before anything is taken from it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from sslrecipes.checkpoint.files.reading import read_mapped
from sslrecipes.errors import CheckpointError

Predicate = Callable[[Any], bool]

_SEEDS = 1 << 32


def read_run_meta(path: str | Path, sealed: bool = True) -> dict[str, Any]:
    """Read ``meta`` of a run's checkpoint after a look at all of its entries; tensors stay on the disk.

    Args:
        path: File.
        sealed: Compare the whole file with its digest first, which it must carry.

    Raises:
        CheckpointError: It is missing or damaged, or no run can go on with it.
    """
    checkpoint = read_mapped(path, sealed)
    check_run(checkpoint, str(path))
    meta: dict[str, Any] = checkpoint['meta']
    return meta


def check_run(checkpoint: Mapping[str, Any], name: str) -> None:
    """Check that a checkpoint has all that a run needs to go on.

    Args:
        checkpoint: What a file holds.
        name: What errors call it.

    Raises:
        CheckpointError: An entry is missing, or can't be meant.
    """
    meta = checkpoint.get('meta')
    if not isinstance(meta, dict) or 'circumstances' not in meta:
        raise CheckpointError(f'"{name}" holds no run to go on with: to begin with its weights, give it as load_from.')
    wrong = [*_wrong(meta, _META, 'meta.'), *_wrong(checkpoint, _ENTRIES), *_wrong(meta, _OPTIONAL_META, 'meta.', True)]
    if not wrong and not _is_position(meta):
        contradiction = 'meta.epoch={epoch} and meta.iter={iter} contradict meta.batches_per_epoch={batches_per_epoch}'
        wrong = [contradiction.format(**meta)]
    if wrong:
        raise CheckpointError(f'"{name}" can not be gone on with, although it agrees with its digest: {wrong[0]}.')


def _wrong(
    held: Mapping[str, Any], schema: Mapping[str, Predicate], place: str = '', optional: bool = False
) -> list[str]:
    missing = [] if optional else [f'{place}{key} is missing' for key in schema if key not in held]
    odd = [key for key, check in schema.items() if key in held and not check(held[key])]
    return missing + [f'{place}{key} is {_described(held[key])}' for key in odd]


def _described(value: Any) -> str:
    text = repr(value) if value is None or isinstance(value, int | float | str) else ''
    return text if 0 < len(text) < 40 else f'a {type(value).__name__} that does not hold what it must'


def _is_position(meta: Mapping[str, Any]) -> bool:
    begun = meta['epoch'] * meta['batches_per_epoch']
    return bool(begun <= meta['iter'] <= begun + meta['batches_per_epoch'])


def _count(value: Any) -> bool:
    return type(value) is int and value >= 0


def _positive(value: Any) -> bool:
    return _count(value) and value > 0


def _seed(value: Any) -> bool:
    return _count(value) and value < _SEEDS


def _number(value: Any) -> bool:
    return isinstance(value, int | float)


def _flag(value: Any) -> bool:
    return isinstance(value, bool)


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _dictionary(value: Any) -> bool:
    return isinstance(value, dict)


def _tensors(value: Any) -> bool:
    return _dictionary(value) and all(
        isinstance(key, str) and (isinstance(entry, Tensor) or key.endswith('_extra_state'))
        for key, entry in value.items()
    )


def _each(check: Predicate) -> Predicate:
    return lambda value: isinstance(value, list) and all(map(check, value))


def _table(check: Predicate) -> Predicate:
    return lambda value: _dictionary(value) and all(map(_text, value)) and all(map(check, value.values()))


def _having(schema: Mapping[str, Predicate]) -> Predicate:
    return lambda value: _dictionary(value) and not _wrong(value, schema)


def _history(value: Any) -> bool:
    """Values of a logged scalar, and how many iterations each stands for."""
    return _each(_each(_number))(value) and len(value) == 2 and len(value[0]) == len(value[1])


def _ancestor(value: Any) -> bool:
    """Path and digest of a checkpoint."""
    return _each(_text)(value) and len(value) == 2


def _states(value: Any) -> bool:
    """State of an optimizer by the number of the parameter; an optimizer's state of one parameter has names."""
    return _dictionary(value) and all(map(_count, value)) and all(map(_named, value.values()))


def _named(value: Any) -> bool:
    return _dictionary(value) and all(map(_text, value))


def _groups(value: Any) -> bool:
    return _each(_having({'params': _each(_count)}))(value) and _are_different(
        number for group in value for number in group['params']
    )


def _are_different(numbers: Iterable[int]) -> bool:
    listed = list(numbers)
    return len(listed) == len(set(listed))


_META: dict[str, Predicate] = {
    'epoch': _count,
    'iter': _count,
    'seed': _seed,
    'circumstances': _table(_text),
    'dataset': _table(_text),
    'batches_per_epoch': _positive,
    'images_per_batch': _positive,
}
_OPTIONAL_META: dict[str, Predicate] = {
    'ancestors': _each(_ancestor),
    'cfg': _text,
    'experiment_name': _text,
    'time': _text,
    'dataset_meta': lambda value: value is None or _dictionary(value),
}
_ENTRIES: dict[str, Predicate] = {
    'state_dict': _tensors,
    'optimizer': _having({'state': _states, 'param_groups': _groups}),
    'param_schedulers': _each(_named),
    'message_hub': _having({'log_scalars': _table(_history), 'runtime_info': _named, 'resumed_keys': _table(_flag)}),
    'rank_buffers': _each(_tensors),
}
