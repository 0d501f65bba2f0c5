from concurrent.futures.process import BrokenProcessPool
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from sslrecipes.commands import benchmark
from sslrecipes.commands.benchmark import StepSpeed, gemm_rate, measure_step, print_speeds
from sslrecipes.config.loading import load_config
from sslrecipes.errors import RunError
from sslrecipes.registry import MODELS

QUICKSTART = Path(__file__).parents[2] / 'configs/quickstart'
RECIPE = QUICKSTART / 'mae_vit-nano-p16_1xb64-coslr-20e_photo-tiles-96px.py'


def test_figures_follow_from_what_was_measured():
    speed = StepSpeed('x', batch=8, seconds=2.0, gflops_per_image=50.0, gemm_rate=400.0, peak_rss=1.0, loss=0.5)
    assert speed.images_per_second == 4.0
    assert speed.share_of_gemm_rate == 0.5


@pytest.mark.parametrize('dtype', ['float32', 'bfloat16'])
def test_a_step_is_slower_than_its_matrix_products(dtype, capsys):
    speed = measure_step(load_config(RECIPE), 'nano', batch=16, steps=1, dtype=dtype)
    assert 0 < speed.share_of_gemm_rate < 1.5
    assert speed.gflops_per_image == pytest.approx(0.087, abs=0.01)
    assert speed.loss < 10
    print_speeds([speed])
    assert 'share of GEMM rate' in capsys.readouterr().out


@pytest.mark.parametrize('method', ['dino', 'swav', 'moco'])
def test_steps_of_multi_crop_recipes_are_whole(method, monkeypatch):
    calls = []
    cfg = load_config(QUICKSTART / f'{method}-baseline_resnet-nano_1xb128-coslr-10e_photo-tiles-32px.py')
    kind = MODELS.get(cfg.model.type)
    for name in ('begin_step', 'loss', 'end_step'):
        monkeypatch.setattr(kind, name, noting(calls, name, getattr(kind, name)))
    speed = measure_step(cfg, method, batch=8, steps=1)
    assert 0 < speed.share_of_gemm_rate < 1.5
    assert 0 < speed.loss < 100
    assert calls[-6:] == ['begin_step', 'loss', 'end_step'] * 2


def test_a_recipe_is_measured_in_a_process_of_its_own(monkeypatch, capsys):
    started = []
    monkeypatch.setattr(
        benchmark, 'ProcessPoolExecutor', lambda *options: started.append(options) or nullcontext(Here())
    )
    benchmark.benchmark([str(RECIPE)], batch=8, steps=1, dtype='float32', threads=None)
    assert RECIPE.stem[:10] in capsys.readouterr().out
    ((count, context),) = started
    assert (count, context.get_start_method()) == (1, 'spawn')
    monkeypatch.setattr(benchmark, '_measure_recipe', killed)
    with pytest.raises(RunError, match='was ended: is there memory for it'):
        benchmark.benchmark([str(RECIPE)], batch=8, steps=1, dtype='float32', threads=None)


class Here:
    """Work that is done at once."""

    def submit(self, function, *args):
        return SimpleNamespace(result=lambda: function(*args))


def killed(*args):
    raise BrokenProcessPool


def noting(calls, name, function):
    def call(*args, **kwargs):
        calls.append(name)
        return function(*args, **kwargs)

    return call


def test_gemm_rate_is_positive():
    assert gemm_rate(torch.float32, seconds=0.1) > 1
