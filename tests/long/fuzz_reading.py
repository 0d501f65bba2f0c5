"""Read mutations of real files of every kind that is read, and see that nothing but typed errors comes of it.

Kinds: a sealed checkpoint, a plain torch file, a torch file of the old format (a bare pickle), a safetensors file.
A mutation must be refused with a ``CheckpointError`` or read; what is read from the first two kinds must also be what
was written. The readers run in forked processes, so that a crash of one is noticed.
"""

from __future__ import annotations

import argparse
import io
import os
import random
import resource
import sys
import tempfile
import time
import warnings
from argparse import Namespace
from collections import Counter
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault('OMP_NUM_THREADS', '1')

import numpy as np
import torch
from mmengine.logging import HistoryBuffer

from sslrecipes.checkpoint.files.reading import read_checkpoint
from sslrecipes.checkpoint.files.writing import save_safetensors, save_torch
from sslrecipes.errors import CheckpointError

KINDS = ('sealed', 'plain', 'legacy', 'safetensors')
BUNCH = 100


def write_samples(folder: Path) -> dict[str, bytes]:
    """One small file of each kind, with everything that checkpoints hold."""
    weights = {'fc.weight': torch.randn(4, 3), 'fc.bias': torch.randn(4).half(), 'tied': torch.arange(3)}
    checkpoint = {
        'meta': {'epoch': 3, 'cfg': "model = dict(type='MAE')"},
        'state_dict': weights,
        'optimizer': {'state': {0: {'step': torch.tensor(3.0)}}, 'param_groups': [{'lr': 1e-3, 'betas': (0.9, 0.95)}]},
        'message_hub': {'loss': HistoryBuffer([1.0, 2.0], [1, 1])},
        'args': Namespace(blr=1e-3, norm_pix_loss=True),
        'random': np.arange(5, dtype=np.uint32),
        'best': np.float64(0.5),
    }
    save_torch(folder / 'sealed', checkpoint)
    torch.save(checkpoint, folder / 'plain')
    torch.save(checkpoint, folder / 'legacy', _use_new_zipfile_serialization=False)
    save_safetensors(folder / 'safetensors', weights, {'method': 'MAE'})
    return {kind: (folder / kind).read_bytes() for kind in KINDS}


def flip(data: bytearray, rng: random.Random) -> None:
    for _ in range(rng.choice([1, 1, 2, 8])):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)


def overwrite(data: bytearray, rng: random.Random) -> None:
    place, size = rng.randrange(len(data)), rng.choice([1, 2, 4, 8, 100])
    data[place : place + size] = rng.choice([b'\0' * size, b'\xff' * size, rng.randbytes(size)])


def cut(data: bytearray, rng: random.Random) -> None:
    del data[rng.randrange(len(data)) :]


def remove(data: bytearray, rng: random.Random) -> None:
    place = rng.randrange(len(data))
    del data[place : place + rng.choice([1, 4, 64])]


def insert(data: bytearray, rng: random.Random) -> None:
    place, source = rng.randrange(len(data)), rng.randrange(len(data))
    data[place:place] = rng.choice([rng.randbytes(4), data[source : source + 64]])


def swap(data: bytearray, rng: random.Random) -> None:
    size = rng.choice([1, 8, 32])
    first, second = sorted(rng.sample(range(0, len(data) - size, size), 2))
    data[first : first + size], data[second : second + size] = data[second : second + size], data[first : first + size]


MUTATIONS: tuple[Callable[[bytearray, random.Random], None], ...] = (flip, flip, overwrite, cut, remove, insert, swap)


def content(checkpoint: dict) -> bytes:
    stream = io.BytesIO()
    torch.save(checkpoint, stream)
    return stream.getvalue()


def outcome(path: Path, original: bytes | None) -> str:
    """``'refused'``, ``'read'``, or what is wrong; ``original`` is what a file that is read must hold."""
    try:
        held = read_checkpoint(path)
    except CheckpointError:
        return 'refused'
    except BaseException as error:  # noqa: BLE001  this is what is looked for
        return f'{type(error).__name__}: {error}'
    return 'read' if original is None or content(held) == original else 'read, but not what was written'


def read_in_fork(path: Path, mutants: list[bytes], original: bytes | None) -> list[str]:
    """The outcome for each mutant; a process that dies ends the list with how."""
    receiver, sender = os.pipe()
    child = os.fork()
    if not child:
        warnings.simplefilter('ignore')
        with os.fdopen(sender, 'w', buffering=1) as pipe:
            for mutant in mutants:
                path.write_bytes(mutant)
                print(outcome(path, original).replace('\n', ' '), file=pipe)
        os._exit(0)
    os.close(sender)
    with os.fdopen(receiver) as pipe:
        outcomes = pipe.read().splitlines()
    status = os.waitpid(child, 0)[1]
    return [*outcomes, f'the process ended with status {status}'] if status else outcomes


def run(folder: Path, trials: int, seed: int = 0) -> dict[str, Counter]:
    """Count the outcomes for each kind of file."""
    torch.manual_seed(seed)
    samples, rng, path = write_samples(folder), random.Random(seed), folder / 'mutant.pth'
    counts: dict[str, Counter] = {kind: Counter() for kind in KINDS}
    for start in range(0, trials, BUNCH * len(KINDS)):
        for kind in KINDS:
            mutants = [bytearray(samples[kind]) for _ in range(BUNCH)]
            for mutant in mutants:
                rng.choice(MUTATIONS)(mutant, rng)
            original = content(read_checkpoint(folder / kind)) if kind in ('sealed', 'plain') else None
            counts[kind].update(read_in_fork(path, [bytes(mutant) for mutant in mutants], original))
        print(f'\r{start + BUNCH * len(KINDS)}/{trials}', end='', file=sys.stderr)
    print(file=sys.stderr)
    return counts


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--trials', type=int, default=20_000)
    parser.add_argument('--seed', type=int, default=0)
    args = parser.parse_args()
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        counts = run(Path(folder), args.trials, args.seed)
    total = sum(counts.values(), Counter())
    for kind, outcomes in counts.items():
        print(f'{kind}: ' + ', '.join(f'{count} {text}' for text, count in outcomes.most_common()))
    wrong = total.total() - total['refused'] - total['read']
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(
        f'{total.total()} mutations: {total["refused"]} refused, {total["read"]} read, {wrong} violations; '
        f'at most {memory:.0f} MiB of memory, {time.monotonic() - start:.0f} s'
    )
    return int(bool(wrong))


if __name__ == '__main__':
    sys.exit(main())
