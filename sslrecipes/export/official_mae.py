"""Whole pre-trainings of MAE-priv as files of facebookresearch/mae, and back, compared on photographs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from torch import Tensor

from sslrecipes.checkpoint.conversion.convert import (
    Conversion,
    about,
    convert_held,
    held_weights,
    our_weights,
    save_converted,
    to_official,
    to_ours,
)
from sslrecipes.checkpoint.conversion.families import detect_family
from sslrecipes.checkpoint.conversion.keymaps import KEYMAPS
from sslrecipes.checkpoint.conversion.pixel_order import as_mae, as_mae_priv, is_pretraining, lacks_class_row
from sslrecipes.checkpoint.conversion.suffixes import check_suffix
from sslrecipes.checkpoint.files.reading import read_checkpoint
from sslrecipes.checkpoint.files.writing import write_atomic
from sslrecipes.checkpoint.stated import facts_of
from sslrecipes.checkpoint.stated_config import setting
from sslrecipes.errors import CheckpointError
from sslrecipes.export.check import compare
from sslrecipes.export.masked_networks import MaskedNetwork
from sslrecipes.paths.overwriting import refuse_overwriting

_FAMILY = 'mae-priv'
_NO_TOKEN = 'facebookresearch/mae always has a class token: the file loads only into a network built without one'


def convert_to_mae(
    source: str | Path, target: str | Path, *, family: str | None = None, weights: str | None = None
) -> Conversion:
    """Write a file in the names of facebookresearch/mae; the arguments are those of ``convert_file``.

    A pre-training of MAE-priv gets its pixels in MAE's order and, with class token, MAE's row for it in the decoder's
    position table. The file appears only if MAE-priv computes the same from it.

    Raises:
        CheckpointError: As of that function, or the networks differ.
        ConfigError: The suffix of ``target`` is that of another format.
        StorageError: ``target`` is ``source`` itself, or can't be written.
    """
    refuse_overwriting([source], target)
    check_suffix(target, 'conversion')
    checkpoint = read_checkpoint(source)
    with about(source):
        held = held_weights(checkpoint, weights)
        found = detect_family(held) or 'ours'
        state = to_ours(held, found) if found == _FAMILY else held
    if found not in ('ours', _FAMILY) or family not in (None, found) or not lacks_class_row(state):
        left_out = convert_held(checkpoint, source, target, to='mae', family=family, weights=weights)
        return Conversion(left_out, () if 'backbone.cls_token' in state else (_NO_TOKEN,))
    with about(source):
        original = _network(state, checkpoint.get('meta'))
        official = to_official(as_mae(state, original.channel_first), 'mae')
        network, checked = _write(target, official, 'mae', original, channel_first=False)
        return Conversion(KEYMAPS[_FAMILY].only_ours(state), (checked, *_for_mae(network)))


def convert_from_mae(source: str | Path, target: str | Path, *, weights: str | None = None) -> Conversion:
    """Write a pre-training of MAE as one of our ``MAEPriv`` with ``channel_first=True``, checked likewise.

    Raises:
        CheckpointError: The file can't be read or is no pre-training of MAE, or the networks differ.
        ConfigError: The suffix of ``target`` is that of another format.
        StorageError: ``target`` is ``source`` itself, or can't be written.
    """
    refuse_overwriting([source], target)
    check_suffix(target, 'conversion')
    checkpoint = read_checkpoint(source)
    with about(source):
        held = held_weights(checkpoint, weights)
        state = to_ours(held, 'mae') if detect_family(held) == 'mae' else {}
        if not is_pretraining(state):
            raise CheckpointError('it is no file of facebookresearch/mae with encoder and decoder.')
        original = replace(_network(state, checkpoint.get('meta')), channel_first=False)
        _, checked = _write(target, as_mae_priv(state), 'ours', original, channel_first=True)
        return Conversion([], (checked,) if lacks_class_row(state) else (checked, _difference(original)))


def _network(state: dict[str, Tensor], meta: Any) -> MaskedNetwork:
    facts = facts_of(meta)
    facts.refuse_odd()
    model = setting(str(meta.get('cfg', '')), 'model') if isinstance(meta, Mapping) else None
    head = model.get('head') if isinstance(model, dict) else None
    channel_first = bool(head.get('channel_first', True)) if isinstance(head, dict) else True
    return MaskedNetwork.of(state, facts, channel_first)


def _write(
    target: str | Path, state: dict[str, Tensor], family: str, original: MaskedNetwork, channel_first: bool
) -> tuple[MaskedNetwork, str]:
    """Write weights, read them back, and compare; the file appears only if the networks agree."""
    results: list[tuple[MaskedNetwork, str]] = []

    def write(file: Path) -> None:
        save_converted(file, state, family, Path(target).suffix)
        held = our_weights(read_checkpoint(file), str(target))
        found = replace(original, weights=held, channel_first=channel_first)
        results.append((found, compare(original.outputs(), found.outputs(), f'MAE-priv with "{Path(target).name}"')))

    write_atomic(target, write)
    return results[0]


def _for_mae(network: MaskedNetwork) -> tuple[str, ...]:
    arch = network.arch
    encoder = dict(img_size=arch.image_size, patch_size=arch.patch_size, embed_dim=arch.width, depth=arch.depth)
    sizes = encoder | dict(num_heads=network.heads, mlp_ratio=arch.hidden / arch.width) | network.decoder
    arguments = ', '.join(f'{name}={value!r}' for name, value in sizes.items())
    load = f'load into: models_mae.MaskedAutoencoderViT({arguments}, norm_layer=partial(nn.LayerNorm, eps=1e-6))'
    if network.arch.cls_token:
        return _difference(network), load
    return _NO_TOKEN, 'in our own MAEPriv it needs head.channel_first=False', load


def _difference(network: MaskedNetwork) -> str:
    """How far MAE's pictures are from MAE-priv's; that the encoders agree is checked."""
    ours, theirs = network.outputs(), network.outputs_of_mae()
    compare({'latent': ours['latent']}, theirs, "MAE's encoder")
    share = (theirs['picture'] - ours['picture']).square().mean().sqrt() / ours['picture'].square().mean().sqrt()
    return (
        "MAE's decoder also sees the class token, which MAE-priv's doesn't: the encoders agree, but MAE's pictures "
        f'of two photographs differ by {share:.1%} (RMS)'
    )
