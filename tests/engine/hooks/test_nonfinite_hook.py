import json
from pathlib import Path

import pytest
import torch
from mmengine.hooks import Hook

from sslrecipes.checkpoint.files.reading import read_checkpoint
from sslrecipes.engine.hooks.nonfinite_hook import COUNT, NonFiniteHook
from sslrecipes.engine.runner import SSLRunner
from sslrecipes.errors import ConfigError, RunError


def weights(runner):
    return torch.cat([p.detach().flatten() for p in runner.model.parameters()]).clone()


@pytest.fixture
def build(mae_on_digits, poison, tmp_path):
    """Runner of the tiny recipe (4 micro-batches per epoch) with a NonFiniteHook and spoilt micro-batches."""

    def make(*spoilt, hooks=(), resume=False, name='run', **options):
        cfg = mae_on_digits.copy()
        cfg.work_dir = str(Path(cfg.work_dir).with_name(name))
        cfg.resume = resume
        cfg.default_hooks.nonfinite = dict(type='NonFiniteHook', **options)
        cfg.default_hooks.checkpoint.interval = 1
        cfg.default_hooks.logger = dict(type='LoggerHook', interval=1)
        runner = SSLRunner.from_cfg(cfg)
        for hook in (poison(*spoilt), *hooks):
            runner.register_hook(hook)
        return runner

    return make


class Refusal(Hook):
    """Refuse the optimizer step of one iteration."""

    def __init__(self, iteration):
        self.iteration = iteration

    def before_train(self, runner):
        self.runner = runner
        runner.optim_wrapper.guard = self

    def see_loss(self, loss):
        pass

    def allows_step(self):
        return self.runner.iter != self.iteration


class Notes(Hook):
    """Remember the weights and the learning rate after each iteration."""

    priority = 'LOWEST'

    def before_train(self, runner):
        self.weights, self.lrs = [weights(runner)], []

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        self.weights.append(weights(runner))
        self.lrs.append(runner.optim_wrapper.optimizer.param_groups[0]['lr'])


def saved_files(runner):
    return sorted(path.name for path in Path(runner.work_dir, 'nonfinite').glob('*'))


def test_healthy_run_is_left_alone(build):
    guarded = build()
    guarded.train()
    free = build(hooks=[Refusal(-1)])
    free.train()
    assert torch.equal(weights(guarded), weights(free))
    assert saved_files(guarded) == []


def test_stop_leaves_weights_and_checkpoints_alone(build):
    runner = build(5, hooks=[notes := Notes()])
    with pytest.raises(RunError, match=r'iteration 6 \(epoch 2, lr .*rank 0: loss nan; gradients not finite: .*replay'):
        runner.train()
    assert torch.equal(weights(runner), notes.weights[-1])
    assert runner.iter == 5
    assert saved_files(runner) == ['iter_6_rank_0.pth']
    assert [path.name for path in runner.store.checkpoints()] == ['epoch_1.pth']


def test_skip_is_as_if_the_batch_had_not_been_there(build):
    skipping = build(5, policy='skip')
    skipping.train()
    refusing = build(hooks=[Refusal(5)], name='refusing')
    refusing.train()
    assert torch.equal(weights(skipping), weights(refusing))
    assert skipping.message_hub.get_info(COUNT) == 1
    assert saved_files(skipping) == ['iter_6_rank_0.pth']


def test_log_averages_leave_out_what_is_not_finite(build):
    runner = build(0, 5, policy='skip')
    runner.train()
    logged = next(Path(runner.work_dir).glob('*/vis_data/scalars.json')).read_text().splitlines()
    losses = [json.loads(line)['loss'] for line in logged if '"loss"' in line]
    assert len(losses) >= 10
    assert all(torch.tensor(losses).isfinite())


def test_more_skips_than_allowed_end_the_run(build):
    runner = build(1, 2, 6, policy='skip', limit=2)
    with pytest.raises(RunError, match=r'iteration 7 .*2 steps were left out before'):
        runner.train()


def test_skips_before_a_restart_count(build):
    first = build(1, 2, 9, policy='skip', limit=2)
    with pytest.raises(RunError):
        first.train()
    second = build(9, policy='skip', limit=2, resume=True)
    with pytest.raises(RunError, match=r'iteration 10 .*2 steps were left out before'):
        second.train()


@pytest.mark.parametrize('policy', ['skip', 'rollback'])
def test_resumed_run_meets_the_same_steps_and_does_the_same(build, policy):
    whole = build(5, 9, policy=policy)
    whole.train()
    first = build(5, 9, policy=policy, name='interrupted')
    first.train_loop._max_epochs = 2
    first.train()
    second = build(5, 9, policy=policy, name='interrupted', resume=True)
    second.train()
    assert torch.equal(weights(second), weights(whole))
    assert second.message_hub.get_info(COUNT) == whole.message_hub.get_info(COUNT) == 2


def test_rollback_goes_back_to_the_weights_of_the_checkpoint_and_on_with_the_data(build):
    runner = build(6, policy='rollback', hooks=[notes := Notes()])
    steps = []
    notes.after_optimizer_step = lambda run: steps.append(
        int(run.optim_wrapper.optimizer.state_dict()['state'][0]['step'])
    )
    runner.train()
    build(hooks=[plan := Notes()], name='clean').train()
    assert torch.equal(notes.weights[7], notes.weights[4])
    assert steps == [1, 2, 3, 4, 5, 6, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]
    assert notes.lrs == plan.lrs
    assert runner.message_hub.get_info(COUNT) == 1


def test_rollback_without_a_checkpoint_ends_the_run(build):
    with pytest.raises(RunError, match=r'iteration 2 .*no earlier checkpoint'):
        build(1, policy='rollback').train()


def test_rollback_takes_no_later_checkpoint_of_another_run(build):
    build().train()
    runner = build(6, policy='rollback', hooks=[notes := Notes()])
    runner.train()
    assert torch.equal(notes.weights[7], notes.weights[4])


def test_one_bad_micro_batch_spoils_the_whole_step(build, mae_on_digits):
    mae_on_digits.optim_wrapper.accumulative_counts = 2
    runner = build(4, policy='skip', hooks=[notes := Notes()])
    runner.train()
    changed = [not torch.equal(*pair) for pair in zip(notes.weights, notes.weights[1:], strict=False)]
    assert changed == [*(3 * [False]), True, False, False, *(5 * [False, True])]  # the learning rate starts at 0
    record = read_checkpoint(Path(runner.work_dir, 'nonfinite/iter_6_rank_0.pth'), sealed=True)
    assert [micro_batch['iteration'] for micro_batch in record['micro_batches']] == [4, 5]
    assert [loss != loss for loss in record['losses']] == [True, False]


def spoilt_gradient(runner, iteration, value=torch.inf):
    parameter = runner.model.neck.decoder_pred.weight
    parameter.register_hook(lambda gradient: gradient * value if runner.iter == iteration else gradient)


@pytest.mark.parametrize('amp', [{}, {'type': 'AmpOptimWrapper', 'dtype': 'bfloat16'}], ids=['float32', 'bfloat16'])
def test_gradient_that_is_not_finite_is_found_under_a_finite_loss(build, mae_on_digits, amp):
    mae_on_digits.optim_wrapper.update(amp)
    mae_on_digits.optim_wrapper.clip_grad = dict(max_norm=1.0)
    runner = build()
    spoilt_gradient(runner, 3)
    with pytest.raises(RunError, match=r'iteration 4 .*loss 1\.\d+; gradients not finite: neck.decoder_pred.weight;'):
        runner.train()


def test_overflow_is_left_to_a_dynamic_loss_scale_until_it_is_below_one(build, mae_on_digits):
    mae_on_digits.optim_wrapper.update(type='AmpOptimWrapper', dtype='float16')
    runner = build()
    spoilt_gradient(runner, 3)
    runner.train()
    assert runner.message_hub.get_info(COUNT) is None
    assert runner.optim_wrapper.loss_scaler.get_scale() == 2.0**15

    runner = build(hooks=[low := Hook()])
    low.before_train = lambda run: run.optim_wrapper.loss_scaler.load_state_dict(
        dict(run.optim_wrapper.loss_scaler.state_dict(), scale=0.5)
    )
    spoilt_gradient(runner, 3)
    with pytest.raises(RunError, match=r'iteration 4 .*decoder_pred'):
        runner.train()


def test_overflow_under_a_fixed_loss_scale_is_a_bad_step(build, mae_on_digits):
    mae_on_digits.optim_wrapper.update(type='AmpOptimWrapper', dtype='float16', loss_scale=128.0)
    runner = build()
    spoilt_gradient(runner, 3)
    with pytest.raises(RunError, match=r'iteration 4 .*decoder_pred'):
        runner.train()


def test_nan_loss_under_a_dynamic_loss_scale_is_a_bad_step(build, mae_on_digits):
    mae_on_digits.optim_wrapper.update(type='AmpOptimWrapper', dtype='float16')
    with pytest.raises(RunError, match=r'iteration 3 .*loss nan'):
        build(2).train()


def test_a_step_that_cannot_be_saved_is_told_all_the_same(build):
    runner = build(1)
    Path(runner.work_dir, 'nonfinite').write_text('a file in the way')
    with pytest.raises(RunError, match=r'loss nan.*the step could not be saved'):
        runner.train()


def test_unknown_policy_is_refused():
    with pytest.raises(ConfigError, match='Did you mean "skip"'):
        NonFiniteHook(policy='skp')


def test_foreign_optimizer_wrapper_is_refused(build, mae_on_digits):
    mae_on_digits.optim_wrapper.type = 'mmengine.OptimWrapper'
    with pytest.raises(ConfigError, match='AmpOptimWrapper'):
        build().train()
