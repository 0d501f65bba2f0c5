"""The backbone of one of a checkpoint's networks: that of the student, or that of the teacher which follows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from sslrecipes.checkpoint.conversion.convert import about, our_weights
from sslrecipes.checkpoint.files.reading import read_checkpoint
from sslrecipes.checkpoint.meta import meta_of
from sslrecipes.checkpoint.stated import TrainingFacts, facts_of
from sslrecipes.config.rules.parts import SYNONYMS
from sslrecipes.errors import CheckpointError, ConfigError, did_you_mean

#: Of ours, then of mmpretrain's: MoCo v3, BYOL, MoCo and DenseCL, CAE; the first that fits counts.
_PREFIXES = {
    'student': ('backbone.',),
    'teacher': (
        *('teacher.backbone.', 'momentum_encoder.backbone.'),
        *('momentum_encoder.module.0.', 'target_net.module.0.', 'encoder_k.module.0.', 'teacher.'),
    ),
}

#: Entries in which trainers keep the moving average of a network beside the network.
_AVERAGES = ('model_ema', 'state_dict_ema', 'ema_state_dict')


@dataclass(frozen=True)
class Network:
    """A backbone out of a file.

    Attributes:
        source: What the file is called in messages.
        part: ``'student'`` or ``'teacher'``.
        weights: Its weights under our names, without prefix.
        facts: What the file tells about its training.
    """

    source: str
    part: str
    weights: dict[str, Tensor]
    facts: TrainingFacts


def read_network(checkpoint: str | Path, part: str = 'student') -> Network:
    """Read the backbone of one network from a file of any kind that :mod:`sslrecipes.checkpoint.conversion` knows.

    A file with nothing but one backbone in it is taken for any ``part``, unless it was exported and so tells which
    network it holds.

    Args:
        checkpoint: File or http(s) address.
        part: ``'student'`` (also ``'online'``, ``'query'``) for the trained network, ``'teacher'`` (``'momentum'``,
            ``'key'``, ``'target'``, ``'ema'``) for its moving average.

    Raises:
        ConfigError: Unknown ``part``.
        CheckpointError: The file can't be read, or doesn't hold that network.
    """
    part, source = _plain(part), str(checkpoint)
    held = read_checkpoint(checkpoint)
    entries = (part, *_AVERAGES) if part == 'teacher' else (part,)
    entry = next((name for name in entries if isinstance(held.get(name), Mapping)), None)
    state = our_weights(held, source, entry)
    with about(checkpoint):
        _check_origin(held.get('meta'), part)
        prefix = _prefix(state, 'student' if entry else part)
    weights = {name[len(prefix) :]: value for name, value in state.items() if name.startswith(prefix)}
    return Network(source, part, weights, facts_of(meta_of(held)))


def _plain(part: str) -> str:
    plain = next((name for name, synonyms in SYNONYMS.items() if part in synonyms), None)
    if plain is None:
        raise ConfigError(
            f'A checkpoint has no part "{part}", only "student" and "teacher".'
            + did_you_mean(part, [*SYNONYMS['student'], *SYNONYMS['teacher']])
        )
    return plain


def _prefix(state: Mapping[str, Tensor], part: str) -> str:
    """What the names of the network begin with; nothing in a file of bare weights."""
    found: dict[str, str] = {}
    for name, prefixes in _PREFIXES.items():
        if fitting := [prefix for prefix in prefixes if any(key.startswith(prefix) for key in state)]:
            found[name] = fitting[0]
    if part in found:
        return found[part]
    if all(key.startswith('backbone.') for key in state):
        return 'backbone.'
    if found:
        raise CheckpointError(f'it holds no {part}; it holds a {" and a ".join(found)}.')
    return ''


def _check_origin(meta: Any, part: str) -> None:
    """Compare with what an exported backbone says about itself (`sslrecipes.export.backbone`)."""
    prefix = meta.get('prefix') if isinstance(meta, Mapping) else None
    origin = next((name for name, prefixes in _PREFIXES.items() if prefix in prefixes), part)
    if origin != part:
        raise CheckpointError(f'it holds the {origin} only, exported as such, not the {part}: set part="{origin}".')
