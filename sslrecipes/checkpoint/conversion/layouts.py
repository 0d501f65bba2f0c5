"""Where official and our checkpoint files keep their weights, and how to put weights there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from sslrecipes.checkpoint.conversion.keymaps import KEYMAPS
from sslrecipes.checkpoint.conversion.keymaps.layout import Layout
from sslrecipes.errors import CheckpointError, did_you_mean

_CUT = len('module.backbone.')
_ENTRIES = ('model', 'state_dict', 'student', 'module')


def unwrap(checkpoint: Mapping[str, Any], weights: str | None = None) -> tuple[dict[str, Any], str]:
    """Take the weights out of a checkpoint.

    Without ``weights`` the order is that of the official TEC code: entry ``model``, ``state_dict``, ``student``, then
    ``module``, which MAE-priv also takes, else the checkpoint itself. As in TEC, the names of a student then lose their
    first 16 characters, the length of ``module.backbone.``, whatever these are; ``weights='student'`` takes off only
    what is there.

    Full checkpoints of facebookresearch/dino, known by their entry ``dino_loss``, of SSLight and of MoCo give all
    networks and the centre: ``student.*``, ``teacher.*``, ``dino_loss.center`` or ``loss.center``.

    Args:
        checkpoint: What the file holds.
        weights: The entry to take instead, such as ``'teacher'`` or ``'student'`` of a full iBOT checkpoint; of DINO,
            SSLight and MoCo the network to take in place of the trained one, such as ``'teacher'`` or MoCo's
            ``'encoder_k'``.

    Returns:
        The weights and the entry they were taken from (``'bare'`` for none, ``'networks'`` for DINO, SSLight and MoCo).

    Raises:
        CheckpointError: There is no such entry, or it holds no weights.
    """
    for layout in (keymap.layout for keymap in KEYMAPS.values()):
        if layout.take and (networks := layout.take(checkpoint)):
            return _take(networks, layout.trained, weights), 'networks'
    entry = weights or next((entry for entry in _ENTRIES if entry in checkpoint), 'bare')
    if entry == 'bare':
        return dict(checkpoint), entry
    if not isinstance(checkpoint.get(entry), Mapping):
        raise _no_weights(entry, [name for name, value in checkpoint.items() if isinstance(value, Mapping)])
    state = dict(checkpoint[entry])
    if entry == weights and entry in ('student', 'teacher'):
        state = {_unprefixed(name): value for name, value in state.items()}
    elif entry == 'student':
        state = {name[_CUT:]: value for name, value in state.items()}
    return state, entry


def wrap(state: dict[str, Tensor], family: str) -> dict[str, Any]:
    """Put weights under the names of ``family`` into the dictionary in which its code expects them.

    That is ``{'model': ...}`` for MAE, MAE-priv and TEC, bare for released TEC, torchvision and timm; for iBOT,
    SSLight, MoCo and ours ``{'state_dict': ...}``, for DINO ``{'student', 'teacher', 'dino_loss'}``, for detectron2
    ``{'model': ...}`` with the word that its names are to be matched by their ends.
    """
    layout = KEYMAPS[family].layout if family in KEYMAPS else Layout()
    return layout.put(state)


def _take(networks: dict[str, Any], trained: Mapping[str, str], wanted: str | None) -> dict[str, Any]:
    """Let the network ``wanted`` take the place of the trained one, and drop all others; None: leave all as it is."""
    if wanted in (None, 'state_dict'):
        return networks
    present = [network for network in trained if any(name.startswith(f'{network}.') for name in networks)]
    if wanted not in present:
        raise _no_weights(wanted, present)
    others = tuple(f'{network}.' for network in present if network != wanted)
    return {
        name.replace(f'{wanted}.', f'{trained[wanted]}.', 1) if name.startswith(f'{wanted}.') else name: value
        for name, value in networks.items()
        if not name.startswith(others)
    }


def _no_weights(wanted: str, held: list[str]) -> CheckpointError:
    has = ', '.join(held) or 'bare weights'
    return CheckpointError(f'there are no weights "{wanted}"; it has {has}.' + did_you_mean(wanted, held))


def _unprefixed(name: str) -> str:
    """A name of iBOT's student (in DDP) or teacher (in DDP only if it has BatchNorm) as the backbone calls it."""
    return name[_CUT:] if name.startswith('module.') else name.removeprefix('backbone.')
