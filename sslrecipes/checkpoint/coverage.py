"""Loading weights so that a half-filled network is an error, not a warning."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NamedTuple

from mmengine.logging import print_log
from torch import Tensor, nn

from sslrecipes.checkpoint.hints import cut_class_tokens, hint
from sslrecipes.errors import CoverageError

_SHOWN = 8


class Mismatch(NamedTuple):
    """A weight that file and model hold in different shapes."""

    name: str
    file_shape: tuple[int, ...]
    model_shape: tuple[int, ...]

    def __str__(self) -> str:
        return f'{self.name} (file {self.file_shape}, model {self.model_shape})'


@dataclass(frozen=True)
class Coverage:
    """Which weights of a module a file fills.

    Names in ``loaded``, ``missing``, ``fresh``, ``mismatched`` and ``surplus`` are the module's (without ``prefix``),
    those in ``unexpected`` the file's.

    Attributes:
        source: What the file is called in messages.
        module: Class name of the module.
        prefix: What the file's names start with before the module's names.
        loaded: Present in both with equal shape (after the module's own resizing, such as that of ``pos_embed``).
        missing: Wanted by the module, absent from the file.
        fresh: Absent from the file, and allowed to be.
        mismatched: Present in both with different shapes.
        surplus: Further members of a numbered series of the module: the file comes from a deeper network.
        unexpected: In the file, without a place in the module (``surplus`` included).
        better_prefix: The prefix under which more names match, if there is one.
        without_place: Class tokens of the file whose positions the module would cut off.
        hint: The likely cause in one sentence, see :func:`sslrecipes.checkpoint.hints.hint`.
    """

    source: str
    module: str
    prefix: str
    loaded: tuple[str, ...]
    missing: tuple[str, ...]
    fresh: tuple[str, ...]
    mismatched: tuple[Mismatch, ...]
    surplus: tuple[str, ...]
    unexpected: tuple[str, ...]
    better_prefix: str | None = None
    without_place: tuple[str, ...] = ()
    hint: str = ''

    @property
    def wanted(self) -> int:
        """How many weights the file has to fill."""
        return len(self.loaded) + len(self.missing) + len(self.mismatched)

    @property
    def ratio(self) -> float:
        """The filled share of the wanted weights, 0 to 1."""
        return len(self.loaded) / self.wanted if self.wanted else 0.0

    @property
    def complete(self) -> bool:
        """Whether every wanted weight is filled from a network of the same depth and with the same tokens."""
        return bool(self.loaded) and not (self.missing or self.mismatched or self.surplus or self.without_place)

    def summary(self) -> str:
        """Return the report: one line of counts and one for each kind of name that isn't loaded."""
        lines = [
            f'{self.source}: {len(self.loaded)} of {self.wanted} weights of {self.module} loaded ({self.ratio:.1%})'
        ]
        kinds: dict[str, Sequence[object]] = {
            'missing': self.missing,
            'other shape': self.mismatched,
            'left as initialised': self.fresh,
            'from a deeper network': self.surplus,
        }
        lines += [f'  {kind} ({len(names)}): {_listing(names)}' for kind, names in kinds.items() if names]
        if self.unexpected:
            lines.append(f'  not used ({len(self.unexpected)}): {_groups(self.unexpected)}')
        return '\n'.join(lines)

    def complaint(self) -> str:
        """Return what refuses an incomplete file: the cause, if it is known, and the names."""
        cause = f'{self.hint} ' if self.hint else ''
        parts = [f'{cause}"{self.source}" fills {len(self.loaded)} of {self.wanted} weights of {self.module}']
        kinds: dict[str, Sequence[object]] = {
            'missing': self.missing,
            'other shape': self.mismatched,
            'the file comes from a deeper network': self.surplus,
            'not used': self.unexpected,
        }
        parts += [f'{kind}: {_listing(names)}' for kind, names in kinds.items() if names]
        if self.better_prefix is not None:
            place = f"under prefix '{self.better_prefix}'" if self.better_prefix else 'without a prefix'
            parts.append(f'the keys match {place}')
        return '; '.join(parts) + '.'


def load_weights(
    module: nn.Module,
    state_dict: Mapping[str, Any],
    *,
    source: str,
    prefix: str = '',
    ignore: Sequence[str] = (),
    allow_partial: bool = False,
) -> Coverage:
    """Compare a state dict with a module, then load it whole or not at all, and log the report.

    Args:
        module: Receives the weights.
        state_dict: The file's weights.
        source: What the file is called in messages.
        prefix: Only names that start with it are considered, without it.
        ignore: Names, also of whole parts (``'ln2.'``), that the module may have without the file, or the file without
            the module.
        allow_partial: Load what fits although something is missing.

    Returns:
        The report.

    Raises:
        CoverageError: A weight of the module (parameter or buffer, ``num_batches_tracked`` aside) is missing or has
            another shape, or the file comes from a deeper network or one with a class token that the module hasn't. The
            module is unchanged then.
    """
    coverage = compare(module, state_dict, source=source, prefix=prefix, ignore=ignore)
    if not coverage.loaded or not (coverage.complete or allow_partial):
        raise CoverageError(coverage.complaint())
    fill(module, state_dict, coverage)
    return coverage


def fill(module: nn.Module, state_dict: Mapping[str, Any], coverage: Coverage) -> None:
    """Load what fits of a state dict, and log the report of :func:`compare` that tells what does."""
    unfit = {mismatch.name for mismatch in coverage.mismatched}
    selected = _under(coverage.prefix, state_dict)
    module.load_state_dict({name: selected[name] for name in selected if name not in unfit}, strict=False)
    print_log(coverage.summary(), logger='current')


def compare(
    module: nn.Module, state_dict: Mapping[str, Any], *, source: str, prefix: str = '', ignore: Sequence[str] = ()
) -> Coverage:
    """Report which weights of ``module`` the file would fill; see :func:`load_weights`."""
    wanted = {name: tuple(value.shape) for name, value in _tensors(module.state_dict()).items()}
    stored = {name: tuple(value.shape) for name, value in _tensors(_under(prefix, state_dict)).items()}
    held = {name: tuple(value.shape) for name, value in _adapted(module, _under(prefix, state_dict)).items()}
    absent = [name for name in wanted if name not in held]
    fresh = [name for name in absent if is_ignored(name, ignore)]
    missing = [name for name in absent if name not in fresh]
    extra = [name for name in held if name not in wanted]
    cut = [name for name in cut_class_tokens(stored, wanted) if not is_ignored(name, ignore)]
    outside = [name for name in state_dict if not name.startswith(prefix)]
    return Coverage(
        source=source,
        module=type(module).__name__,
        prefix=prefix,
        loaded=tuple(name for name in wanted if held.get(name) == wanted[name]),
        missing=tuple(missing),
        fresh=tuple(fresh),
        mismatched=tuple(
            Mismatch(name, held[name], wanted[name]) for name in wanted if name in held and held[name] != wanted[name]
        ),
        surplus=tuple(name for name in _beyond(extra, wanted) if not is_ignored(name, ignore)),
        unexpected=tuple([prefix + name for name in extra] + outside),
        better_prefix=_better_prefix(state_dict, wanted, prefix),
        without_place=tuple(cut),
        hint=hint(stored, wanted, [*missing, *cut]),
    )


def _tensors(state: Mapping[str, Any]) -> dict[str, Tensor]:
    return {
        name: value
        for name, value in state.items()
        if isinstance(value, Tensor) and not name.endswith('num_batches_tracked')
    }


def _under(prefix: str, state: Mapping[str, Any]) -> dict[str, Any]:
    return {name[len(prefix) :]: value for name, value in state.items() if name.startswith(prefix)}


def _adapted(module: nn.Module, state: dict[str, Any]) -> dict[str, Tensor]:
    """The state as the module's own hooks leave it when it is loaded: renamed, resized position embeddings, ...

    A hook that can't make sense of the file leaves its weights as they are, and the shapes then tell.
    """
    for name, part in module.named_modules():
        for hook in part._load_state_dict_pre_hooks.values():
            with suppress(Exception):
                hook(state, f'{name}.' if name else '', {}, False, [], [], [])  # type: ignore[misc]
    return _tensors(state)


def is_ignored(name: str, ignore: Sequence[str]) -> bool:
    """Whether ``name`` is one of ``ignore``, names or whole parts (``'ln2.'``), or inside."""
    return any(name == item or name.startswith(f'{item.rstrip(".")}.') for item in ignore)


def _beyond(extra: Iterable[str], wanted: Iterable[str]) -> list[str]:
    """The names of ``extra`` that differ from a wanted name only in a number (``layers.12.ln1`` for 12 layers)."""
    series = {_unnumbered(name) for name in wanted}
    return [name for name in extra if _unnumbered(name) in series]


def _unnumbered(name: str) -> tuple[str, ...]:
    return tuple('#' if part.isdigit() else part for part in name.split('.'))


def _better_prefix(names: Iterable[str], wanted: Mapping[str, Any], current: str) -> str | None:
    votes: Counter[str] = Counter()
    for name in names:
        parts = name.split('.')
        for i in range(len(parts)):
            if '.'.join(parts[i:]) in wanted:
                votes[''.join(f'{part}.' for part in parts[:i])] += 1
    best = max(votes, key=votes.__getitem__, default=current)
    return best if votes[best] > votes[current] else None


def _listing(names: Sequence[object]) -> str:
    more = f' and {len(names) - _SHOWN} more' if len(names) > _SHOWN else ''
    return ', '.join(map(str, names[:_SHOWN])) + more


def _groups(names: Iterable[str]) -> str:
    """``neck. (132), backbone.cls_token_mlp (4)``: the unused names by the part of the network they belong to."""
    counts = Counter(
        '.'.join(name.split('.')[:2]) if name.startswith('backbone.') else name.split('.')[0] for name in names
    )
    return ', '.join(f'{group} ({count})' for group, count in counts.items())
