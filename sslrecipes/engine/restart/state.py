"""What a run must remember to go on exactly: taken from a runner, given back to a runner."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

import numpy as np
import torch
from mmengine.dist import get_rank, get_world_size
from mmengine.logging import HistoryBuffer, MessageHub
from torch import Tensor, distributed, nn

from sslrecipes.distributed.control import control_group, from_every_process
from sslrecipes.engine.schedulers.closed_form import ClosedFormSchedule
from sslrecipes.errors import CheckpointError
from sslrecipes.models.utils.wrapping import unwrapped

#: Values kept of each logged scalar, more than any smoothing window; mmengine keeps, and copies each step, a million.
HISTORY = 2000

BUILTINS = (bool, int, float, str, type(None), Tensor)


def collect_state(runner: Any, meta: Mapping[str, Any]) -> dict[str, Any]:
    """Gather everything that training changes; collective.

    Tensors are references, not copies. There are only tensors and plain values, so that ``torch.load`` of any version
    reads the file in its safe mode.

    Args:
        runner: A runner between two optimizer steps.
        meta: Entries of ``meta`` besides the position.

    Returns:
        ``meta`` (``epoch``, ``iter``, ...), ``state_dict``, ``optimizer``, ``param_schedulers``, ``message_hub`` and
        ``rank_buffers``: buffers that differ between processes, such as queues, for each process.
    """
    model = unwrapped(runner.model)
    return {
        'meta': {'epoch': runner.epoch, 'iter': runner.iter, **as_builtins(dict(meta))},
        'state_dict': model.state_dict(),
        'optimizer': as_builtins(runner.optim_wrapper.state_dict()),
        'param_schedulers': [as_builtins(schedule.state_dict()) for schedule in runner.param_schedulers or ()],
        'message_hub': pack_message_hub(runner.message_hub),
        'rank_buffers': gather_rank_buffers(model),
    }


def restore_state(runner: Any, checkpoint: Mapping[str, Any], source: str) -> None:
    """Give a runner the weights, buffers and the optimizer's state of a checkpoint, but not its position.

    Args:
        runner: A runner whose model and optimizer are built.
        checkpoint: What :func:`collect_state` returned.
        source: Name of the file, for messages.

    Raises:
        CheckpointError: If they are of another model, or the parameters are grouped otherwise.
    """
    model = unwrapped(runner.model)
    from sslrecipes.checkpoint.loading import load_state  # a run that begins anew loads nothing

    load_state(model, dict(checkpoint['state_dict']), source=source)
    restore_rank_buffers(model, checkpoint['rank_buffers'])
    try:
        runner.optim_wrapper.load_state_dict(checkpoint['optimizer'])
    except ValueError as error:
        raise CheckpointError(f'The optimizer\'s state in "{source}" doesn\'t fit the recipe: {error}.') from error


def restore_schedules(runner: Any, states: list[dict[str, Any]], iteration: int) -> None:
    """Put the schedules where they were.

    Args:
        runner: A runner whose schedules are built.
        states: Their states.
        iteration: Micro-batches done, from which closed-form schedules follow.

    Raises:
        CheckpointError: If schedules that aren't of closed form have no state of their own among ``states``.
    """
    schedules = runner.param_schedulers or ()
    for schedule in schedules:
        if isinstance(schedule, ClosedFormSchedule):
            schedule.move(iteration - schedule.last_step)
    if not recursive_schedules(runner):
        return
    if len(states) != len(schedules):
        raise CheckpointError(f'The checkpoint holds {len(states)} schedules, the recipe has {len(schedules)}.')
    for schedule, state in zip(schedules, states, strict=True):
        if not isinstance(schedule, ClosedFormSchedule):
            if state.keys() != schedule.state_dict().keys():
                raise CheckpointError(f'The checkpoint holds no state of a {type(schedule).__name__} at its place.')
            schedule.load_state_dict(state)


def recursive_schedules(runner: Any) -> list[Any]:
    """Return the schedules that make each value from the one before, as mmengine's do."""
    return [schedule for schedule in runner.param_schedulers or () if not isinstance(schedule, ClosedFormSchedule)]


def as_builtins(value: Any) -> Any:
    """Turn containers and numbers of whatever library into Python's own, all the way down.

    Raises:
        CheckpointError: If there is something else in it.
    """
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, BUILTINS):
        return value
    if isinstance(value, Mapping):
        return {as_builtins(key): as_builtins(entry) for key, entry in value.items()}
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, (list, tuple, set, frozenset)):
        return [as_builtins(entry) for entry in value]
    raise CheckpointError(f'A {type(value).__name__} can not be stored in a checkpoint: only tensors and plain values.')


def shorten_histories(hub: MessageHub) -> None:
    """Keep no more than :data:`HISTORY` values of each logged scalar from now on."""
    for buffer in hub.log_scalars.values():
        buffer.max_length = HISTORY


def pack_message_hub(hub: MessageHub) -> dict[str, Any]:
    """Return what a message hub wants to have resumed as plain values."""
    state = hub.state_dict()
    histories = {
        key: [part[-HISTORY:].tolist() for part in buffer.data] for key, buffer in state['log_scalars'].items()
    }
    kept = {**histories, **state['runtime_info']}
    return {
        'log_scalars': histories,
        'runtime_info': as_builtins(state['runtime_info']),
        'resumed_keys': dict.fromkeys(kept, True),
    }


def unpack_message_hub(hub: MessageHub, packed: Mapping[str, Any]) -> None:
    """Give a message hub what :func:`pack_message_hub` returned."""
    histories = {key: HistoryBuffer(*parts, max_length=HISTORY) for key, parts in packed['log_scalars'].items()}
    hub.load_state_dict({**packed, 'log_scalars': histories})


def gather_rank_buffers(model: nn.Module) -> list[dict[str, Tensor]]:
    """Return, for each process, the stored buffers that are not the same on all processes; empty if all are.

    Only process 0 gets the tensors of the others.
    """
    if get_world_size() == 1:
        return []
    stored = model.state_dict().keys()
    buffers = {name: buffer for name, buffer in model.named_buffers() if name in stored}
    votes = from_every_process([_digest(buffer) for buffer in buffers.values()])
    differing = [name for name, *digests in zip(buffers, *votes, strict=True) if len(set(digests)) > 1]
    if not differing:
        return []
    gathered: list[Any] | None = [None] * get_world_size() if get_rank() == 0 else None
    distributed.gather_object({name: buffers[name].cpu() for name in differing}, gathered, group=control_group())
    return gathered or []


def restore_rank_buffers(model: nn.Module, of_ranks: list[dict[str, Tensor]]) -> None:
    """Give this process its own buffers back; with another number of processes all keep those of process 0."""
    if len(of_ranks) == get_world_size():
        for name, value in of_ranks[get_rank()].items():
            model.get_buffer(name).copy_(value)


def _digest(tensor: Tensor) -> bytes:
    return blake2b(tensor.detach().cpu().contiguous().view(-1).view(torch.uint8).numpy().tobytes()).digest()
