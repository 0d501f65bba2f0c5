"""What is done before a runner is built."""

import resource

import pytest
import torch

from sslrecipes.commands.launch import build_runner, keep_freed_memory
from sslrecipes.config.loading import load_config
from sslrecipes.datasets.preflight.remarks import Remark
from sslrecipes.errors import ConfigError


def test_what_is_odd_about_the_data_is_logged_once(config, monkeypatch, tmp_path, first_log):
    monkeypatch.setattr('sslrecipes.commands.launch.check_dataset', lambda *_: 2 * [Remark('There is an odd picture.')])
    cfg = load_config(config)
    cfg.work_dir = str(tmp_path / 'run')
    build_runner(cfg, 'train')
    assert first_log(tmp_path / 'run').count('WARNING - There is an odd picture.') == 1


def test_options_of_an_upstream_recipe_are_those_of_our_classes(config):
    config.write_text("_base_ = 'mmpretrain::simclr/simclr_resnet50_8xb32-coslr-200e_in1k.py'")
    cfg = load_config(config, {'default_hooks.checkpoint.interval_minuts': 5})
    with pytest.raises(ConfigError, match='CheckpointHook has no argument "interval_minuts"'):
        build_runner(cfg, 'train')


def page_faults(steps):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(steps):
        torch.ones(64 * 2**20 // 4)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


@pytest.mark.skipif(torch.cuda.is_available(), reason='of no use with a GPU')
def test_large_blocks_are_mapped_once():
    keep_freed_memory()
    page_faults(20)  # until the heap has settled
    assert page_faults(10) < 64 * 2**20 / 4096
