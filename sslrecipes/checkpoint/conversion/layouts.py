"""Where official and our checkpoint files keep their weights, and how to put weights there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from torch import Tensor

from sslrecipes.checkpoint.conversion.families import is_released_tec, method_of_networks
from sslrecipes.errors import CheckpointError, did_you_mean

_CUT = len('module.backbone.')
_ENTRIES = ('model', 'state_dict', 'student', 'module')
_TRAINED = {
    'student': 'student',
    'teacher': 'student',
    'encoder_q': 'encoder_q',
    'encoder_k': 'encoder_q',
    'network': 'network',
}
"""For each network of DINO, MoCo and SwAV the trained one, whose place it can take."""


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
    if networks := _dino_networks(checkpoint) or _sslight_networks(checkpoint):
        return _take(networks, weights), 'networks'
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
    return _LAYOUTS[family](state)


def _dino_networks(checkpoint: Mapping[str, Any]) -> dict[str, Any]:
    """The networks of a full checkpoint of facebookresearch/dino; empty for any other."""
    if not _held(checkpoint, 'dino_loss'):
        return {}
    return {
        f'{entry}.{name.removeprefix("module.")}': value
        for entry in ('student', 'teacher', 'dino_loss')
        for name, value in _held(checkpoint, entry).items()
    }


def _sslight_networks(checkpoint: Mapping[str, Any]) -> dict[str, Any]:
    """The networks of a checkpoint of SSLight or MoCo, and DINO's centre; empty for any other."""
    state = {name.removeprefix('module.'): value for name, value in _held(checkpoint, 'state_dict').items()}
    if not method_of_networks(state):
        return {}
    return state | {f'loss.{name}': value for name, value in _held(checkpoint, 'loss').items()}


def _held(checkpoint: Mapping[str, Any], entry: str) -> Mapping[str, Any]:
    held = checkpoint.get(entry)
    return held if isinstance(held, Mapping) else {}


def _take(networks: dict[str, Any], wanted: str | None) -> dict[str, Any]:
    """Let the network ``wanted`` take the place of the trained one, and drop all others; None: leave all as it is."""
    if wanted in (None, 'state_dict'):
        return networks
    present = [network for network in _TRAINED if any(name.startswith(f'{network}.') for name in networks)]
    if wanted not in present:
        raise _no_weights(wanted, present)
    others = tuple(f'{network}.' for network in present if network != wanted)
    return {
        name.replace(f'{wanted}.', f'{_TRAINED[wanted]}.', 1) if name.startswith(f'{wanted}.') else name: value
        for name, value in networks.items()
        if not name.startswith(others)
    }


def _no_weights(wanted: str, held: list[str]) -> CheckpointError:
    has = ', '.join(held) or 'bare weights'
    return CheckpointError(f'there are no weights "{wanted}"; it has {has}.' + did_you_mean(wanted, held))


def _unprefixed(name: str) -> str:
    """A name of iBOT's student (in DDP) or teacher (in DDP only if it has BatchNorm) as the backbone calls it."""
    return name[_CUT:] if name.startswith('module.') else name.removeprefix('backbone.')


def _in_model(state: dict[str, Tensor]) -> dict[str, Any]:
    return {'model': state}


def _bare(state: dict[str, Tensor]) -> dict[str, Any]:
    return dict(state)


def _in_state_dict(state: dict[str, Tensor]) -> dict[str, Any]:
    return {'state_dict': state}


def _as_tec(state: dict[str, Tensor]) -> dict[str, Any]:
    return dict(state) if is_released_tec(state) else _in_model(state)


def _as_detectron2(state: dict[str, Tensor]) -> dict[str, Any]:
    return {**_in_model(state), '__author__': 'sslrecipes', 'matching_heuristics': True}


def _as_sslight(state: dict[str, Tensor]) -> dict[str, Any]:
    networks = {f'module.{name}': value for name, value in state.items() if not name.startswith('loss.')}
    centre = _part(state, 'loss.')
    return {'state_dict': networks, **({'loss': centre} if centre else {})}


def _as_dino(state: dict[str, Tensor]) -> dict[str, Any]:
    """The teacher is in DDP, whose names begin with ``module.``, only if it has batch norms; the student always."""
    in_ddp = any(name.endswith('running_mean') for name in state)
    return {
        'student': _part(state, 'student.', 'module.'),
        'teacher': _part(state, 'teacher.', 'module.' if in_ddp else ''),
        'dino_loss': _part(state, 'dino_loss.'),
    }


def _part(state: Mapping[str, Tensor], prefix: str, new_prefix: str = '') -> dict[str, Tensor]:
    return {new_prefix + name.removeprefix(prefix): value for name, value in state.items() if name.startswith(prefix)}


_LAYOUTS: dict[str, Callable[[dict[str, Tensor]], dict[str, Any]]] = {
    'ours': _in_state_dict,
    'ibot': _in_state_dict,
    'mae': _in_model,
    'mae-priv': _in_model,
    'tec': _as_tec,
    'sslight-dino': _as_sslight,
    'sslight-swav': _as_sslight,
    'sslight-moco': _as_sslight,
    'dino': _as_dino,
    'moco': _as_sslight,
    'torchvision': _bare,
    'torchvision-vit': _bare,
    'timm-mobilenetv2': _bare,
    'detectron2': _as_detectron2,
}
