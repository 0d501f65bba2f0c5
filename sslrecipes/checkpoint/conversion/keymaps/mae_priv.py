"""MAE-priv (github.com/BUPT-PRIV/MAE-priv): pre-training with decoder, fine-tuned classifiers and linear probes.

Its attention has biases of queries and values and none of keys: ``q_bias`` and ``v_bias`` are the first and the last
third of our ``qkv.bias``, whose middle third is zero. What ``fc_norm`` and ``head`` are depends on the file: the norm
of the class token is our ``ln1``, that of the mean token ``ln2``, the batch norm of a probe its neck. Files may have
``backbone.`` before all names, or ``encoder.`` as those of the pre-training.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar, cast

import torch
from torch import Tensor

from sslrecipes.checkpoint.conversion.keymaps.layout import Layout, in_entry
from sslrecipes.checkpoint.conversion.keymaps.rules import KeyMap, Rules
from sslrecipes.checkpoint.conversion.keymaps.vit import BODY, stack
from sslrecipes.errors import CheckpointError

T = TypeVar('T')

_FAMILY = 'mae-priv'
_FINE_TUNED: Rules = tuple(row for row in BODY if row[0] != 'norm.')
_CLASSIFIER = ('head.', 'head.fc.')
_DECODER: Rules = (
    ('encoder_to_decoder.', 'neck.decoder_embed.'),
    ('mask_token', 'neck.mask_token'),
    ('decoder_pos_embed', 'neck.decoder_pos_embed'),
    *stack('decoder.blocks', 'neck.decoder_blocks'),
    ('decoder.norm.', 'neck.ln1.'),
    ('decoder.head.', 'neck.decoder_pred.'),
)

_PRETRAINED = KeyMap(_FAMILY, (*((f'encoder.{theirs}', ours) for theirs, ours in BODY), *_DECODER))
_BARE = KeyMap(_FAMILY, BODY)
_CLS_TOKEN = KeyMap(_FAMILY, (*_FINE_TUNED, ('fc_norm.', 'backbone.ln1.'), _CLASSIFIER))
_MEAN_TOKEN = KeyMap(_FAMILY, (*_FINE_TUNED, ('fc_norm.', 'backbone.ln2.'), _CLASSIFIER))
_PROBE = KeyMap(_FAMILY, (*_FINE_TUNED, ('fc_norm.', 'neck.'), ('head.', 'heads.0.')), added=(r'backbone\.ln1\..+',))

_MARK = re.compile(r'(.+\.)?blocks\.\d+\.attn\.q_bias|encoder_to_decoder\.weight')
_FOREIGN = re.compile(r'.*(relative_position|rel_pos|gamma_[12]$|lm_head|k_bias$).*')
_THIRDS = {'q_bias': 0, 'v_bias': 2}


class MAEPrivMap(KeyMap):
    """The names of MAE-priv, and its biases in parts; ``rules`` are those of the pre-training."""

    def to_ours(self, state: Mapping[str, T]) -> dict[str, T]:
        """Rename official weights to ours; the bias that old files lack before the decoder is zero.

        Raises:
            CheckpointError: A name that MAE-priv doesn't have, or half of a bias.
        """
        fused = _fused(_plain(state))
        weight = fused.get('encoder_to_decoder.weight')
        if isinstance(weight, Tensor) and 'encoder_to_decoder.bias' not in fused:
            fused['encoder_to_decoder.bias'] = cast('T', weight.new_zeros(len(weight)))
        return _official_layout(fused).to_ours(fused)

    def to_official(self, state: Mapping[str, T]) -> dict[str, T]:
        """Rename our weights to the official ones; what changes nothing is dropped, see :meth:`only_ours`.

        Raises:
            CheckpointError: A network that MAE-priv doesn't have.
        """
        _check_decoder(state)
        return _split(_our_layout(state).to_official(state))

    def only_ours(self, state: Mapping[str, Any]) -> list[str]:
        """Say what :meth:`to_official` drops: a final norm that a probe skips, biases of keys unless they are zero."""
        names = _our_layout(state).only_ours(state)
        thirds = [value.chunk(3) for name, value in state.items() if name.endswith('attn.qkv.bias')]
        dropped = sum(bool(key.any()) for _, key, _ in thirds)
        return [*names, *([f'the key biases of {dropped} attention layers, which have no effect'] if dropped else [])]

    def knows(self, names: Iterable[str]) -> bool:
        """Whether all of these are official names of one file."""
        try:
            self.to_ours(dict.fromkeys(names))
        except CheckpointError:
            return False
        return True


def _resembles(names: Iterable[str]) -> bool:
    """Whether a file is of MAE-priv, or of BEiT, which :class:`MAEPrivMap` then refuses."""
    return any(_MARK.fullmatch(name) for name in names)


MAE_PRIV = MAEPrivMap(_FAMILY, _PRETRAINED.rules, resembles=_resembles, layout=Layout(in_entry('model')))


def _plain(state: Mapping[str, T]) -> dict[str, T]:
    plain = {name.removeprefix('backbone.'): value for name, value in state.items()}
    if foreign := next((name for name in plain if _FOREIGN.fullmatch(name)), None):
        raise CheckpointError(
            f'it has "{foreign}", which no network of MAE-priv has: files of BEiT and its kin, with relative '
            'positions, layer scale or key biases, are not supported.'
        )
    return plain


def _official_layout(names: Iterable[str]) -> KeyMap:
    names = set(names)
    if any(name.startswith(('encoder', 'decoder', 'mask_token')) for name in names):
        return _PRETRAINED
    if 'fc_norm.running_mean' in names:
        return _PROBE
    if not any(name.startswith(('fc_norm.', 'head.')) for name in names):
        return _BARE
    return _CLS_TOKEN if 'cls_token' in names else _MEAN_TOKEN


def _our_layout(names: Iterable[str]) -> KeyMap:
    names = set(names)
    if 'neck.mask_token' in names:
        return _PRETRAINED
    if 'heads.0.weight' in names or 'neck.running_mean' in names:
        return _PROBE
    if not names & {'head.fc.weight', 'backbone.ln2.weight'}:
        return _PRETRAINED
    return _CLS_TOKEN if 'backbone.cls_token' in names else _MEAN_TOKEN


def _fused(state: Mapping[str, T]) -> dict[str, T]:
    """Put the biases of queries and values together, with zeros for the keys between them."""
    result: dict[str, T] = {}
    for name, value in state.items():
        fused = _fused_name(name)
        if fused == name or not isinstance(value, Tensor):
            result[fused] = value
        elif fused not in result:
            result[fused] = cast('T', _with_zeros(state, fused.removesuffix('qkv.bias')))
    return result


def _fused_name(name: str) -> str:
    stem, _, leaf = name.rpartition('.')
    return f'{stem}.qkv.bias' if leaf in _THIRDS else name


def _with_zeros(state: Mapping[str, Any], attention: str) -> Tensor:
    try:
        query, value = (state[f'{attention}{part}'] for part in _THIRDS)
    except KeyError as error:
        raise CheckpointError(f'it lacks {error}, the other half of a bias.') from error
    return torch.cat([query, torch.zeros_like(query), value])


def _split(state: Mapping[str, T]) -> dict[str, T]:
    result: dict[str, T] = {}
    for name, value in state.items():
        if name.endswith('.attn.qkv.bias') and isinstance(value, Tensor):
            attention, thirds = name.removesuffix('qkv.bias'), value.chunk(3)
            result |= {f'{attention}{part}': cast('T', thirds[third].clone()) for part, third in _THIRDS.items()}
        else:
            result[name] = value
    return result


def _check_decoder(state: Mapping[str, Any]) -> None:
    table, positions = state.get('neck.decoder_pos_embed'), state.get('backbone.pos_embed')
    if not isinstance(table, Tensor) or not isinstance(positions, Tensor):
        return
    if table.shape[1] != positions.shape[1] - ('backbone.cls_token' in state):
        raise CheckpointError(
            f'its decoder takes {table.shape[1]} tokens for {positions.shape[1]} positions of the encoder: '
            'in MAE-priv the decoder sees no class token.'
        )
