"""Kill a run at random moments or at all positions, resume it until it is done, compare it with the run left alone.

Trials are forked from one process that has imported everything, so a trial costs what the training costs.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.config import Config

from sslrecipes.checkpoint.files.reading import read_checkpoint
from sslrecipes.checkpoint.files.store import CheckpointStore
from sslrecipes.engine.restart.fingerprint import source_digest
from sslrecipes.engine.runner import SSLRunner

STEPS = 24  # of a short run, see tiny.py


def train(cfg: Config, steps: int | None = None, kill_at: int | None = None) -> None:
    """Train, or go on; a byte is written to the pipe ``steps`` as each micro-batch begins.

    The process kills itself when ``kill_at`` micro-batches are done and the next one begins.
    """
    runner = SSLRunner.from_cfg(cfg.copy())
    call_hook = runner.call_hook

    def tell(name: str, **kwargs: Any) -> None:
        if name == 'before_train_iter' and steps is not None:
            os.write(steps, b'.')
        if name == 'before_train_iter' and runner.iter == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)
        call_hook(name, **kwargs)

    runner.call_hook = tell
    runner.train()


def kill(cfg: Config, rng: random.Random, step: int) -> bool:
    """Train ``cfg`` and kill it at any moment of a step, counted from 1; whether the kill came before the end."""
    read, write = os.pipe()
    pid = fork(lambda: train(cfg, write))
    os.close(write)
    begun = time.monotonic()
    for _ in range(step):
        begun, before = time.monotonic(), begun
        if not os.read(read, 1):
            break
    time.sleep(rng.random() * min(begun - before, 0.1))
    os.close(read)
    os.kill(pid, signal.SIGKILL)
    code = finish(pid)
    assert code in (0, -signal.SIGKILL), 'the resumed run failed, see its traceback'
    return code != 0


def fork(function: Callable[[], None]) -> int:
    """Run a function in a child process and return the child's pid; its exit code is 0 if the function returned."""
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        torch.set_num_threads(1)  # a forked child must not use the parent's OpenMP team
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno() if sys.stdout is sys.__stdout__ else 1)
        function()
        code = 0
    except BaseException:  # noqa: BLE001  whatever it was, the parent must hear of it
        traceback.print_exc()
    finally:
        os._exit(code)


def finish(pid: int) -> int:
    """Wait for a child and return its exit code, or minus the signal that killed it."""
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


@dataclass
class Kills:
    """What happened to a run that was killed again and again.

    Args:
        positions: Newest checkpoint at each kill.
        difference: Largest absolute difference of anything stored from the run that was left alone.
    """

    positions: list[str]
    difference: float


def kill_and_resume(cfg: Config, kills: int, seed: int = 0, steps: int = STEPS) -> Kills:
    """Train ``cfg`` once alone, and once killed ``kills`` times.

    Args:
        cfg: Resolved config of a short run; its ``work_dir`` gets two folders.
        kills: SIGKILLs that must hit; each one in the steps that those before have left, or in the last of them.
        seed: Seed of the moments.
        steps: Micro-batches of the run.
    """
    rng = random.Random(seed)
    alone, killed = left_alone(cfg)
    positions: list[str] = []
    left = steps
    while len(positions) < kills:
        step = rng.randint(1, left)
        left = max(left - step, 1)  # more are left, if the newest checkpoint is older
        hit = kill(killed, rng, step)
        newest = CheckpointStore(killed.work_dir).newest_good()[0]
        if hit:
            positions.append(newest.name if newest else 'none')
        else:
            start_anew(killed.work_dir)
            left = steps
    assert finish(fork(lambda: train(killed))) == 0
    return Kills(positions, compare(alone.work_dir, killed.work_dir))


def kill_everywhere(cfg: Config, micro_batches: int) -> float:
    """Train ``cfg`` once alone, and once killed after each of its micro-batches.

    Args:
        cfg: Resolved config of a short run; its ``work_dir`` gets two folders.
        micro_batches: Their number.

    Returns:
        Largest absolute difference of anything stored between the two.
    """
    alone, killed = left_alone(cfg)
    for position in range(1, micro_batches):
        code = finish(fork(partial(train, killed, kill_at=position)))
        assert code == -signal.SIGKILL, f'the run failed before {position} micro-batches were done, see its traceback'
    assert finish(fork(lambda: train(killed))) == 0
    return compare(alone.work_dir, killed.work_dir)


def left_alone(cfg: Config) -> tuple[Config, Config]:
    """Train ``cfg`` without a break; return the config of that run and one of a run that goes on after each break."""
    alone, killed = (Config({**cfg.to_dict(), 'work_dir': f'{cfg.work_dir}/{name}'}) for name in ('alone', 'killed'))
    source_digest()  # once, for all the children
    assert finish(fork(lambda: train(alone))) == 0
    killed.resume = True
    return alone, killed


def start_anew(work_dir: str) -> None:
    """Forget the run's checkpoints."""
    for path in CheckpointStore(work_dir).checkpoints():
        path.unlink()


def compare(work_dir: str, other: str) -> float:
    """Largest absolute difference between the last checkpoints and the logs of two runs."""
    paths = [CheckpointStore(folder).newest_good()[0] for folder in (work_dir, other)]
    assert paths[0].name == paths[1].name
    states = [read_checkpoint(path, sealed=True) for path in paths]
    for state in states:
        for entry in ('cfg', 'time', 'experiment_name'):
            del state['meta'][entry]
        hub = state['message_hub']
        for entry in ('cfg', 'experiment_name', 'mmengine_version', 'eta'):
            hub['runtime_info'].pop(entry, None)
        hub['log_scalars'] = {key: value for key, value in hub['log_scalars'].items() if 'time' not in key}
    return max(largest_difference(*states), largest_difference(*map(logged, (work_dir, other))))


def largest_difference(one: Any, other: Any, place: str = '') -> float:
    """Largest absolute difference of two nested containers, whose structure and other values must be equal."""
    assert type(one) is type(other), place
    if isinstance(one, dict):
        assert one.keys() == other.keys(), place
        return max((largest_difference(one[key], other[key], f'{place}.{key}') for key in one), default=0.0)
    if isinstance(one, list):
        assert len(one) == len(other), place
        pairs = enumerate(zip(one, other, strict=True))
        return max((largest_difference(*pair, f'{place}[{index}]') for index, pair in pairs), default=0.0)
    if isinstance(one, torch.Tensor):
        assert one.shape == other.shape, place
        if torch.equal(one, other):
            return 0.0
        return float((one.double() - other.double()).abs().nan_to_num(np.inf).max())
    if isinstance(one, float):
        return 0.0 if one == other or (one != one and other != other) else abs(one - other)
    assert one == other, f'{place}: {one!r} != {other!r}'
    return 0.0


def logged(work_dir: str) -> dict[str, Any]:
    """Losses and learning rates by step, from all the log files of a run; a step logged twice must be the same."""
    steps: dict[str, Any] = {}
    for file in sorted(Path(work_dir).glob('*/vis_data/scalars.json')):
        for line in file.read_text().splitlines():
            record = json.loads(line)
            if 'loss' in record:
                steps[str(record['step'])] = [record['loss'], record['lr']]
    return steps
