import importlib.util
import json
import random
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.hooks import Hook
from PIL import Image

import sslrecipes.engine  # noqa: F401  registers
from sslrecipes.checkpoint.files.reading import read_checkpoint
from sslrecipes.checkpoint.files.store import CheckpointStore
from sslrecipes.engine.hooks import collapse_hook
from sslrecipes.engine.hooks.collapse_hook import COUNT, CollapseHook, method_loss
from sslrecipes.engine.runner import SSLRunner
from sslrecipes.errors import ConfigError, RunError


class Blind(Hook):
    """Let the backbone give the same output for all images in some iterations."""

    def __init__(self, *iterations):
        self.iterations = iterations

    def before_train(self, runner):
        def blind(module, images, output):
            latent, *mask = output
            return (latent[:1].expand_as(latent), *mask) if runner.iter in self.iterations else output

        runner.model.backbone.register_forward_hook(blind)


@pytest.fixture
def cfg(mae_on_digits):
    """Sixteen steps, a look every second."""
    mae_on_digits.custom_hooks = [dict(type='CollapseHook', interval=2, patience=2, limits=dict(rank=1.5))]
    return mae_on_digits


@pytest.fixture
def train(caplog):
    """Function that trains and returns the runner and the warnings of the hook."""

    def run(cfg, *hooks):
        runner = SSLRunner.from_cfg(cfg)
        runner.logger.addHandler(caplog.handler)
        for hook in hooks:
            runner.register_hook(hook)
        caplog.clear()
        runner.train()
        return runner, [record.getMessage() for record in caplog.records if 'collapsed' in record.getMessage()]

    return run


def newest(cfg):
    return read_checkpoint(CheckpointStore(cfg.work_dir).newest_good()[0])


def test_training_is_the_same_with_and_without(cfg):
    states = []
    for name in ('with', 'without'):
        cfg.work_dir = f'{cfg.work_dir}_{name}'
        SSLRunner.from_cfg(cfg).train()
        weights = torch.cat([value.flatten() for value in newest(cfg)['state_dict'].values()])
        states.append((weights, torch.get_rng_state(), np.random.get_state()[1], random.getstate()[1]))
        cfg.custom_hooks = []
    assert all(np.array_equal(ours, others) for ours, others in zip(*states, strict=True))


def test_logs_and_draws_a_healthy_run_without_a_word(cfg, train):
    runner, warnings = train(cfg)
    assert warnings == []
    lines = next(Path(cfg.work_dir).glob('*/vis_data/scalars.json')).read_text().splitlines()
    records = [record for record in map(json.loads, lines) if 'collapse/std' in record]
    assert [record['step'] for record in records] == list(range(2, 17, 2))
    assert set(records[0]) == {'step', 'iter', *(f'collapse/{key}' for key in
                               ('std', 'rank', 'rank_share', 'loss', 'trivial_loss', 'symptoms'))}  # fmt: skip
    assert records[0]['collapse/trivial_loss'] == 1.0
    assert records[0]['collapse/symptoms'] == 0
    history = runner.message_hub.log_scalars
    losses = history['train/loss'].data[0]
    assert [record['collapse/loss'] for record in records] == pytest.approx(losses[1::2].tolist())
    assert history['collapse/rank'].data[0].min() > 1.5
    with Image.open(Path(cfg.work_dir, 'collapse.png')) as picture:
        assert picture.width > 2 * picture.height


def test_warns_once_for_each_collapse_and_gives_the_reason(cfg, train):
    runner, warnings = train(cfg, Blind(3, 5, 7, 11, 13))
    assert len(warnings) == 2
    assert 'by iteration 6 (epoch 2)' in warnings[0]
    assert 'by iteration 14' in warnings[1]
    for part in ('embeddings hardly differ', 'fill 1.0 of 16 dimensions', 'tells no images apart 1', 'collapse.png'):
        assert part in warnings[0]
    assert runner.message_hub.get_info(COUNT) == 0


@pytest.mark.parametrize(('rows', 'seen'), [(512, 16), (6, 6)])
def test_looks_at_the_whole_step_however_it_is_cut(cfg, train, monkeypatch, rows, seen):
    """Four micro-batches of four, two steps per epoch."""
    looks = []
    look_at = collapse_hook.look_at
    monkeypatch.setattr(collapse_hook, 'look_at', lambda *seen: looks.append((len(seen[0]), seen[2])) or look_at(*seen))
    cfg.custom_hooks[0].update(interval=1, rows=rows)
    cfg.train_dataloader.batch_size, cfg.optim_wrapper.accumulative_counts = 4, 4
    cfg.train_dataloader.dataset.indices = 44
    cfg.train_cfg.max_epochs = 1
    runner, _ = train(cfg)
    losses = runner.message_hub.log_scalars['train/loss'].data[0]
    micro_batches = -(-rows // 4) if rows < 16 else 4
    assert [count for count, _ in looks] == [seen, seen]
    assert [loss for _, loss in looks] == pytest.approx([losses[s : s + micro_batches].mean() for s in (0, 4)])
    assert len(losses) == 8, 'three micro-batches are left over'


def test_one_look_is_not_enough(cfg, train):
    assert train(cfg, Blind(3, 7, 11))[1] == []


def test_stops(cfg):
    cfg.custom_hooks[0]['policy'] = 'stop'
    runner = SSLRunner.from_cfg(cfg)
    runner.register_hook(Blind(*range(4, 16)))
    with pytest.raises(RunError, match='collapsed by iteration 8'):
        runner.train()
    assert runner.iter == 8
    assert Path(cfg.work_dir, 'collapse.png').exists()


@pytest.mark.parametrize('name', ['epoch_0_iter_6.pth', 'epoch_2.pth'])
def test_goes_on_exactly(cfg, train, name):
    cfg.default_hooks.checkpoint = dict(type='CheckpointHook', interval=2, interval_iters=6)
    cfg.custom_hooks[0]['patience'] = 3
    cfg.train_dataloader.dataset.indices = 128  # epochs of eight steps
    cfg.train_cfg.max_epochs = cfg.param_scheduler.epochs = 3
    blind = range(5, 11) if 'iter' in name else range(13, 18)
    _, warnings = train(cfg, Blind(*blind))
    assert len(warnings) == 1
    whole = newest(cfg)
    for path in CheckpointStore(cfg.work_dir).checkpoints():
        if path.name != name:
            path.unlink()
    assert read_checkpoint(Path(cfg.work_dir, name))['message_hub']['runtime_info'][COUNT] in (1, 2)
    cfg.resume = True
    _, repeated = train(cfg, Blind(*blind))
    assert repeated == warnings
    ours, resumed = (state['message_hub']['log_scalars'] for state in (whole, newest(cfg)))
    assert all(ours[key] == resumed[key] for key in ours if key.startswith('collapse/'))


def test_counts_optimizer_steps(cfg, train):
    cfg.optim_wrapper.accumulative_counts = 2
    runner, _ = train(cfg)
    assert runner.message_hub.log_scalars['collapse/iteration'].data[0].tolist() == [4, 8, 12, 16]


def test_steps_that_are_left_out_count_neither_way(cfg, train, monkeypatch):
    taken = {6: False}
    runner = SSLRunner.from_cfg(cfg)

    class LeaveOut(Hook):
        priority = 'ABOVE_NORMAL'

        def after_optimizer_step(self, runner):
            runner.optim_wrapper.step_taken = taken.get(runner.iter, True)

    runner.register_hook(LeaveOut())
    runner.train()
    assert runner.message_hub.log_scalars['collapse/iteration'].data[0].tolist() == [2, 4, 8, 10, 12, 14, 16]


def test_user_mistakes(cfg):
    for wrong, message in (
        (dict(policy='warning'), 'Did you mean "warn"'),
        (dict(interval=0), 'at least 1'),
        (dict(rows=1), 'rows at least 2'),
        (dict(limits=dict(ranks=2)), 'Did you mean "rank"'),
    ):
        with pytest.raises(ConfigError, match=message):
            CollapseHook(**wrong)
    runner = SSLRunner.from_cfg(cfg)
    runner.model = torch.nn.Linear(2, 2)
    with pytest.raises(ConfigError, match='Linear has no backbone'):
        CollapseHook().before_train(runner)


def test_loss_of_the_method_is_without_the_probe():
    assert method_loss({'loss': torch.tensor(5.0), 'loss_dino': torch.tensor(3.0), 'loss_probe': 2.0}) == 3
    assert method_loss({'loss': 5.0, 'loss_fea': 3.0, 'loss_att': 2.0, 'grad_norm': 7.0}) == 5
    assert method_loss({'loss': torch.tensor(4.0, requires_grad=True)}) == 4
    assert np.isnan(method_loss({}))


@pytest.fixture(scope='module')
def long_test():
    path = Path(__file__).parents[2] / 'long' / 'collapse.py'
    spec = importlib.util.spec_from_file_location('long_collapse', path)
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(('name', 'factor'), [('lr x 100', 100), ('healthy', 1)])
def test_sample_of_the_long_test(long_test, name, factor):
    """``tests/long/collapse.py`` does it for all methods."""
    trial = long_test.Trial(name, 'MoCo', lr_factor=factor, expected=factor > 1)
    outcome = long_test.run(trial, steps=40, batch=32)
    assert not long_test.is_wrong(trial, outcome), long_test.describe(trial, outcome)
