from pathlib import Path

import pytest
import torch

from sslrecipes.engine.benchmark import StepSpeed, gemm_rate, measure_step, print_speeds
from sslrecipes.zoo.config import load_config

RECIPE = Path(__file__).parents[2] / 'configs/quickstart/mae_vit-nano-p4_1xb256-coslr-20e_photo-tiles-32px.py'


def test_figures_follow_from_what_was_measured():
    speed = StepSpeed('x', batch=8, seconds=2.0, gflops_per_image=50.0, gemm_rate=400.0, peak_rss=1.0, loss=0.5)
    assert speed.images_per_second == 4.0
    assert speed.share_of_gemm_rate == 0.5


@pytest.mark.parametrize('dtype', ['float32', 'bfloat16'])
def test_a_step_is_slower_than_its_matrix_products(dtype, capsys):
    speed = measure_step(load_config(RECIPE), 'nano', batch=16, steps=1, dtype=dtype)
    assert 0 < speed.share_of_gemm_rate < 1.5
    assert speed.gflops_per_image == pytest.approx(0.12, abs=0.02)
    assert speed.loss < 10
    print_speeds([speed])
    assert 'share of GEMM rate' in capsys.readouterr().out


def test_gemm_rate_is_positive():
    assert gemm_rate(torch.float32, seconds=0.1) > 1
