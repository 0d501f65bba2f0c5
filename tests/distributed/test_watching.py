"""The collapse monitor and the joint probe on two gloo processes."""

import pytest
import torch
from mmengine.hooks import Hook

from sslrecipes.engine.runner import SSLRunner
from sslrecipes.errors import RunError


class BlindRank(Hook):
    """Let the backbones of some processes give the same output for all images."""

    def __init__(self, *ranks):
        self.ranks = ranks

    def before_train(self, runner):
        def blind(module, images, output):
            latent, *mask = output
            return (latent[:1].expand_as(latent), *mask)

        if runner.rank in self.ranks:
            runner.model.module.backbone.register_forward_hook(blind)


@pytest.fixture
def cfg(mae_on_digits):
    mae_on_digits.launcher = 'pytorch'
    mae_on_digits.train_dataloader.batch_size = 8
    mae_on_digits.train_cfg.max_epochs = mae_on_digits.param_scheduler.epochs = 2
    mae_on_digits.env_cfg = dict(dist_cfg=dict(timeout=60))
    return mae_on_digits


@pytest.mark.parametrize(('ranks', 'stops'), [((0, 1), True), ((1,), False)])
def test_processes_judge_their_mean_alike(cfg, run_ranks, ranks, stops):
    cfg.custom_hooks = [dict(type='CollapseHook', interval=2, patience=2, policy='stop', limits=dict(rank=1.2))]

    def on_rank(rank, world):
        runner = SSLRunner.from_cfg(cfg)
        runner.register_hook(BlindRank(*ranks))
        message = ''
        try:
            runner.train()
        except RunError as error:
            message = str(error)
        return runner.iter, message, runner.message_hub.log_scalars['collapse/rank'].data[0].tolist()

    first, second = run_ranks(on_rank)
    assert first == second
    assert first[0] == (4 if stops else 8)
    assert ('has collapsed' in first[1]) == stops


def test_the_probe_is_the_same_on_all_processes_and_sees_all_images(cfg, run_ranks):
    cfg.custom_hooks = [dict(type='OnlineProbeHook')]

    def on_rank(rank, world):
        runner = SSLRunner.from_cfg(cfg)
        runner.train()
        probe = runner.model.module.online_probe
        accuracy = runner.message_hub.log_scalars['train/probe_top1'].data[0].tolist()
        return {name: value.tolist() for name, value in probe.state_dict().items()}, accuracy

    first, second = run_ranks(on_rank)
    assert first == second
    state, accuracy = first
    assert state['steps'] == len(accuracy) == 8
    assert torch.tensor(state['weight']).abs().max() > 0
    assert all(value % (100 / 16) == pytest.approx(0, abs=1e-3) for value in accuracy)  # of 2 x 8 images
