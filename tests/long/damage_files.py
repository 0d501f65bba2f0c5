"""Damage checkpoints in random places and count how often that is noticed.

Half of the trials cut a file, half flip one bit. A damaged file must be refused by both kinds of reading (a seal being
required or not), and a run must fall back to the checkpoint before.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault('OMP_NUM_THREADS', '1')

import torch

from sslrecipes.checkpoint.files.reading import read_checkpoint
from sslrecipes.checkpoint.files.store import CheckpointStore
from sslrecipes.checkpoint.files.writing import save_torch
from sslrecipes.errors import CheckpointError


def damaged(whole: bytes, trial: int, rng: random.Random) -> tuple[bytes, str]:
    """Cut the file (even trials) or flip one bit: every third time in its first or last 200 bytes."""
    size = len(whole)
    place = rng.choice([rng.randrange(200), size - 1 - rng.randrange(200)]) if trial % 3 == 0 else rng.randrange(size)
    if trial % 2 == 0:
        return whole[:place], f'cut to {place} of {size} bytes'
    bit = rng.randrange(8)
    changed = bytearray(whole)
    changed[place] ^= 1 << bit
    return bytes(changed), f'bit {bit} of byte {place} of {size} flipped'


def is_refused(path: Path, **options: bool) -> bool:
    try:
        read_checkpoint(path, **options)
    except CheckpointError as error:
        return path.name in str(error)
    return False


def run(folder: Path, trials: int, seed: int = 0) -> list[str]:
    """Return what was not noticed."""
    rng, store = random.Random(seed), CheckpointStore(folder)
    generator = torch.Generator().manual_seed(seed)
    for epoch in (1, 2):
        weights = {f'layers.{i}.weight': torch.randn(50, 50, generator=generator) for i in range(10)}
        save_torch(store.path(epoch), {'meta': {'epoch': epoch, 'cfg': 'model = 1\n' * 100}, 'state_dict': weights})
    good, newest = store.path(1), store.path(2)
    whole, missed = newest.read_bytes(), []
    for trial in range(trials):
        content, deed = damaged(whole, trial, rng)
        newest.write_bytes(content)
        path, refused = store.newest_good()
        fallen_back = path == good and len(refused) == 1 and newest.name in refused[0]
        if not (is_refused(newest) and is_refused(newest, sealed=True) and fallen_back):
            missed.append(deed)
        print(f'\r{trial + 1}/{trials}', end='', file=sys.stderr)
    print(file=sys.stderr)
    return missed


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--trials', type=int, default=200)
    parser.add_argument('--seed', type=int, default=0)
    args = parser.parse_args()
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        missed = run(Path(folder), args.trials, args.seed)
    for deed in missed:
        print(f'not noticed: {deed}')
    seconds = time.monotonic() - start
    print(f'{args.trials - len(missed)} of {args.trials} cut or bit-flipped checkpoints noticed, {seconds:.1f} s')
    return int(bool(missed))


if __name__ == '__main__':
    sys.exit(main())
