"""Set random keys of recipes to values of wrong kinds, and see that each run ends well or in one sentence.

A trial does what ``tools/train.py`` (``tools/test.py`` for a recipe that only evaluates) does with one override: it
loads the config, checks it, builds everything and trains an epoch of two steps. It must end with exit code 0, or with
exit code 2 and one line that begins with ``error:``; a traceback, another exit code or no end are faults. Trials run in
forks of a process that has imported everything.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ.setdefault('OMP_NUM_THREADS', '1')

import torch

import sslrecipes  # noqa: F401  mends the OpenMMLab stack before anything else is imported
from sslrecipes.commands.config_check import check_components
from sslrecipes.commands.launch import apply_arguments
from sslrecipes.commands.test import test
from sslrecipes.commands.train import train
from sslrecipes.config.loading import load_config
from sslrecipes.config.option_values import GivenText
from sslrecipes.config.places import children
from sslrecipes.config.preconditions import check_evaluates, check_trains, work_dir_of
from sslrecipes.config.reading import read_config
from sslrecipes.config.validation.option_table import RUNNER_KEYS
from sslrecipes.errors import exit_on_user_error

CONFIGS = Path(__file__).parents[2] / 'configs' / 'quickstart'
SHORT = """
_base_ = '{base}'
train_dataloader = dict(batch_size={batch}, num_workers=0, persistent_workers=False, dataset=dict(indices={images}))
train_cfg = dict(max_epochs=1)
param_scheduler = dict(epochs=1, warmup_epochs=0)
"""
EVALUATED = 'val_dataloader = dict(batch_size=8, num_workers=0, persistent_workers=False, dataset=dict(indices=8))\n'
#: Recipe -> the base, and what makes a run of it short.
RECIPES = {
    'mae': ('mae_vit-nano-p16_1xb64-coslr-20e_photo-tiles-96px', SHORT),
    'swav': ('swav-baseline_resnet-nano_1xb128-coslr-10e_photo-tiles-32px', SHORT),
    'finetune': ('vit-nano-p16_tec-pre_1xb64-coslr-15e_photo-tiles-96px',
                 SHORT + 'model = dict(backbone=dict(init_cfg=None))\n' + EVALUATED
                 + EVALUATED.replace('val', 'test', 1)),
    'knn': ('vit-nano-p16_knn-linear_photo-tiles-96px',
            "_base_ = '{base}'\n" + EVALUATED.replace('val', 'test', 1)
            + 'test_cfg = dict(ks=(1, 3), linear=dict(epochs=2), bank=dict(batch_size=8, num_workers=0, '
              'persistent_workers=False, dataset=dict(indices=8)))\n'),
}  # fmt: skip
VALUES = (
    *(None, True, False, 0, 1, 3, -1, 0.5, 1.5, -0.1, 1e30, float('inf'), float('nan'), '', 'text', '3', '/no/where'),
    *([], [1, 2], (3,), (2, 2), ['a'], [[]], [None], {}, {'a': 1}, {'type': 'Nothing'}, {'type': 'ReLU'}, [{}], [3]),
)
#: What may be typed on a command line.
TEXTS = ('model', '[(1,2', 'None', '1e1', '12', 'a b', "'", '{', 'dict(a=1)', 'lambda: 1', 'nan', '[]', '1,2',
         "['a']", '\udce9', '{a: 1}', 'x=y', 'True', '0x10', 'é', '[' * 99)  # fmt: skip
SECONDS = 60


@dataclass(frozen=True)
class Trial:
    """One override.

    Attributes:
        recipe: Of :data:`RECIPES`.
        key: Dotted key of the config.
        value: What it is set to; a text as typed is a ``GivenText``.
    """

    recipe: str
    key: str
    value: Any

    def __str__(self) -> str:
        return f'{self.recipe}: {self.key}={self.value!r}'


def write_recipes(folder: Path) -> None:
    """Write the short recipes."""
    for name, (base, text) in RECIPES.items():
        base = f'{CONFIGS}/{base}.py'
        (folder / f'{name}.py').write_text(text.format(base=base, batch=4, images=8))


def keys_of(node: Any, key: str = '') -> Iterator[str]:
    """Dotted keys of everything in a config that the runner reads."""
    for step, value in children(node):
        name = f'{key}.{step.strip(".[]")}'.removeprefix('.')
        if key or name in RUNNER_KEYS:
            yield name
            yield from keys_of(value, name)


def draw(folder: Path, rng: random.Random, count: int, recipes: list[str]) -> list[Trial]:
    """Draw trials, as many of each recipe."""
    keys = {name: list(keys_of(read_config(folder / f'{name}.py'))) for name in recipes}
    names = [recipes[index % len(recipes)] for index in range(count)]
    values = [*VALUES, *map(GivenText, TEXTS)]
    return [Trial(name, rng.choice(keys[name]), rng.choice(values)) for name in names]


@exit_on_user_error
def run(config: Path, options: dict[str, Any]) -> None:
    """Do what the tools do."""
    args = argparse.Namespace(launcher='none', work_dir=None)
    cfg = load_config(config, options)
    trains = config.stem != 'knn'
    check_trains(cfg) if trains else check_evaluates(cfg)
    args.work_dir = str(work_dir_of(cfg, 'run'))
    apply_arguments(cfg, args)
    train(cfg) if trains else test(cfg)


def attempt(folder: Path, recipe: str, options: dict[str, Any]) -> tuple[int, str]:
    """Run a recipe with overrides in a fork, in a folder of its own; returns the exit code and what it said."""
    place = Path(tempfile.mkdtemp(dir=folder))
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            signal.alarm(SECONDS)
            os.chdir(place)
            output = os.open('log', os.O_CREAT | os.O_WRONLY | os.O_APPEND)
            for stream in (1, 2):
                os.dup2(output, stream)
            sys.stdout = sys.stderr = os.fdopen(output, 'w', buffering=1, errors='backslashreplace')
            code = exit_code(folder / f'{recipe}.py', options)
        finally:
            os._exit(code)
    status = os.waitpid(pid, 0)[1]
    said = (place / 'log').read_text(errors='replace')
    shutil.rmtree(place)
    return os.waitstatus_to_exitcode(status), said


def exit_code(config: Path, options: dict[str, Any]) -> int:
    """Exit code that the interpreter would end with after :func:`run`; a traceback is printed, and goes on."""
    code = 0
    try:
        run(config, options)
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except Exception:
        traceback.print_exc()
        raise
    return code


def fault(code: int, said: str) -> str | None:
    """Say what is wrong with the end of a trial."""
    errors = [line for line in said.splitlines() if line.startswith('error:')]
    if 'Traceback (most recent call last)' in said:
        return f'exit {code}, traceback: {said.rstrip().splitlines()[-1][:200]}'
    if code == 2 and len(errors) == 1:
        return None
    return None if code == 0 else f'exit {code}, {len(errors)} errors'


def warm_up(folder: Path, recipes: list[str]) -> None:
    """Import what the recipes need, once for all trials."""
    torch.set_num_threads(1)
    for name in recipes:
        check_components(load_config(folder / f'{name}.py'))


def fuzz(folder: Path, trials: list[Trial], show: bool = False) -> tuple[list[tuple[Trial, str]], int]:
    """Run trials; returns those that ended badly, with what is wrong, and how many ran through."""
    bad, ran = [], 0
    for trial in trials:
        code, said = attempt(folder, trial.recipe, {trial.key: trial.value})
        wrong = fault(code, said)
        ran += code == 0
        if wrong:
            bad.append((trial, wrong))
        if show or wrong:
            last = next((line for line in said.splitlines()[::-1] if line.startswith('error:')), '')
            print(f'{"BAD " if wrong else ""}{trial} -> {wrong or code} {last[:300]}', flush=True)
    return bad, ran


def main() -> None:
    """Run trials; exit code 1 if one ended badly."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--trials', type=int, default=300)
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--recipes', nargs='+', default=list(RECIPES), choices=list(RECIPES))
    parser.add_argument('--show', action='store_true', help='print every trial')
    args = parser.parse_args()
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        write_recipes(Path(folder))
        warm_up(Path(folder), args.recipes)
        trials = draw(Path(folder), random.Random(args.seed), args.trials, args.recipes)
        bad, ran = fuzz(Path(folder), trials, args.show)
    refused = len(trials) - ran - len(bad)
    print(f'{len(trials)} overrides: {ran} ran, {refused} refused, {len(bad)} bad; {time.monotonic() - begun:.0f} s')
    sys.exit(bool(bad))


if __name__ == '__main__':
    main()
