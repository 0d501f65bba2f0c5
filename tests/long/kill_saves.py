"""Kill a process while it saves checkpoints, many times, and look at what is left.

Each trial forks a process that goes on with the run in the folder: it saves a checkpoint, deletes old ones, and so on,
as a run does. It is killed (SIGKILL) at a random moment of a save. Afterwards every file with the name of a checkpoint
must be readable, the newest must be at most one save behind, and the next start must remove the half-written file.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

os.environ.setdefault('OMP_NUM_THREADS', '1')

import torch

from sslrecipes.checkpoint.files.reading import read_checkpoint
from sslrecipes.checkpoint.files.store import CheckpointStore, position_of
from sslrecipes.checkpoint.files.writing import save_torch
from sslrecipes.errors import CheckpointError

BEGIN, END = b'(', b')'


def checkpoint_of(megabytes: float) -> dict:
    """A checkpoint with a network and two moments for each weight."""
    weights = {f'layers.{i}.weight': torch.randn(int(megabytes * 2**20 / 4 / 3 / 8)) for i in range(8)}
    moments = {i: {'exp_avg': weight + 1, 'exp_avg_sq': weight + 2} for i, weight in enumerate(weights.values())}
    return {'meta': {'epoch': 0}, 'state_dict': weights, 'optimizer': {'state': moments}}


def newest_epoch(store: CheckpointStore) -> int:
    path = store.newest_good()[0]
    return position_of(path)[0] if path else 0


def save_forever(store: CheckpointStore, checkpoint: dict, pipe: int) -> None:
    """What the killed process does."""
    store.remove_debris()
    epoch = newest_epoch(store)
    while True:
        epoch += 1
        checkpoint['meta']['epoch'] = epoch
        os.write(pipe, BEGIN)
        save_torch(store.path(epoch), checkpoint)
        os.write(pipe, END)
        store.prune(keep_last=2)


def kill_in_a_save(
    store: CheckpointStore, checkpoint: dict, rng: random.Random, duration: float
) -> tuple[bytes, float]:
    """Run :func:`save_forever` in a fork and kill it in its first or second save.

    Returns:
        What it wrote into its pipe, and how long a whole save took (0 if there was none).
    """
    receiver, sender = os.pipe()
    child = os.fork()
    if not child:
        try:
            save_forever(store, checkpoint, sender)
        finally:
            os._exit(1)
    os.close(sender)
    marks, begun = os.read(receiver, 1), time.monotonic()
    taken = 0.0
    if rng.random() < 0.5 or not duration:
        marks += os.read(receiver, 1)
        taken = time.monotonic() - begun
        marks += os.read(receiver, 1)
    time.sleep(rng.uniform(0, 1.3 * duration))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    marks += os.read(receiver, 100)
    os.close(receiver)
    return marks, taken


def inspect(store: CheckpointStore, whole_before: int, marks: bytes) -> tuple[str, list[str]]:
    """Tell in which phase the save was cut, and what is wrong now."""
    begun = whole_before + marks.count(BEGIN)
    phase = phase_of(store, store.path(begun))
    wrong = []
    for path in store.checkpoints():
        try:
            read_checkpoint(path, sealed=True)
        except CheckpointError as error:
            wrong.append(f'unreadable: {error}')
    if newest_epoch(store) < begun - 1:
        wrong.append(f'epoch {begun} was being saved, but the newest good one is {newest_epoch(store)}')
    store.remove_debris()
    wrong += [f'left over: {path.name}' for path in store.folder.iterdir() if path not in store.checkpoints()]
    return phase, wrong


def phase_of(store: CheckpointStore, path: Path) -> str:
    whole = [other.stat().st_size for other in store.checkpoints()]
    for half in store.folder.glob(f'.{path.name}.*'):
        return 'flushing' if half.stat().st_size in whole else 'writing'
    return 'renamed' if path.exists() else 'opening'


def run(folder: Path, trials: int, megabytes: float, seed: int = 0) -> tuple[Counter, list[str]]:
    """Count the trials by the phase in which the save was cut; collect what was wrong."""
    rng, store, checkpoint = random.Random(seed), CheckpointStore(folder), checkpoint_of(megabytes)
    phases: Counter = Counter()
    wrong: list[str] = []
    duration = 0.0
    while phases.total() < trials:
        before = newest_epoch(store)
        marks, taken = kill_in_a_save(store, checkpoint, rng, duration)
        duration = max(duration * 0.9, taken)
        phase, found = inspect(store, before, marks)
        wrong += found
        if marks.endswith(BEGIN):  # else it was killed while old files were being deleted
            phases[phase] += 1
            print(f'\r{phases.total()}/{trials}', end='', file=sys.stderr)
    print(file=sys.stderr)
    return phases, wrong


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--trials', type=int, default=300)
    parser.add_argument('--megabytes', type=float, default=20)
    parser.add_argument('--seed', type=int, default=0)
    args = parser.parse_args()
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        phases, wrong = run(Path(folder), args.trials, args.megabytes, args.seed)
    for sentence in wrong:
        print(sentence)
    listing = ', '.join(f'{count} {phase}' for phase, count in sorted(phases.items()))
    print(
        f'{phases.total()} kills in a save of {args.megabytes:g} MB ({listing}): {len(wrong)} violations, '
        f'{time.monotonic() - start:.0f} s'
    )
    return int(bool(wrong))


if __name__ == '__main__':
    sys.exit(main())
