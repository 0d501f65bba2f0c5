import inspect
import shlex
from argparse import Namespace
from pathlib import Path

import pytest
from mmpretrain.models import ResNet

import sslrecipes.models  # noqa: F401  registers
from sslrecipes.commands.untrained_command import untrained_command
from sslrecipes.config.loading import load_config
from sslrecipes.config.option_values import GivenText
from sslrecipes.evaluation.untrained import loads_weights

CONFIGS = Path(__file__).parents[2] / 'configs'
PROBE = 'quickstart/vit-nano-p4_mae-priv-gap-pre_1xb64-linear-coslr-3e_photo-tiles-32px.py'
SEMI = 'sslight/benchmarks/resnet18_dino-baseline-pre_8xb128-coslr-60e_in1k-1pct.py'
DETECTOR = 'quickstart/transfer/mask-rcnn_resnet-nano-fpn_dino-sslight-pre_1xb8-multisteplr-1k_photo-scenes-128px.py'


def given(options):
    return {key: GivenText(text) for key, _, text in (option.partition('=') for option in options)}


def command_of(config, *options, **flags):
    """The command, and the config that it trains."""
    path = CONFIGS / config
    args = Namespace(config=path, cfg_options=given(options), **{'amp': False, 'auto_scale_lr': False, **flags})
    cfg = load_config(path, args.cfg_options)
    cfg.work_dir = 'runs/here/'
    words = shlex.split(untrained_command(cfg, args))
    return words[: words.index('--cfg-options')], load_config(path, given(words[words.index('--cfg-options') + 1 :]))


@pytest.mark.parametrize('config', [PROBE, SEMI, DETECTOR])
def test_the_command_trains_the_same_without_weights(config):
    words, cfg = command_of(config, 'train_cfg.val_interval=2', launcher='none')
    assert words == ['python', 'tools/train.py', str(CONFIGS / config), '--work-dir', 'runs/here-untrained']
    assert not loads_weights(cfg.model)
    assert not cfg.get('transfer', {}).get('checkpoint')
    assert cfg.train_cfg.val_interval == 2
    if config == SEMI:
        default = inspect.signature(ResNet).parameters['init_cfg'].default
        assert [entry.to_dict() for entry in cfg.model.backbone.init_cfg] == default


def test_options_that_would_bring_the_weights_back_are_left_out():
    words, cfg = command_of(PROBE, 'model.backbone.init_cfg.checkpoint=my weights.pth', launcher='pytorch', amp=True)
    assert words[:2] == ['bash', 'tools/dist_train.sh']
    assert words[3:] == ['1', '--work-dir', 'runs/here-untrained', '--amp']
    assert not loads_weights(cfg.model)


def test_what_starts_untrained_or_learns_no_labels_has_none():
    mae = load_config(CONFIGS / 'quickstart/mae_vit-nano-p16_1xb64-coslr-20e_photo-tiles-96px.py')
    probe = load_config(CONFIGS / PROBE, {'model.backbone.init_cfg': None})
    args = Namespace(launcher='none')
    assert untrained_command(mae, args) == untrained_command(probe, args) == ''
