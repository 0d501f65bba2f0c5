import copy

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.runner import get_priority

from sslrecipes.checkpoint.files.writing import save_torch
from sslrecipes.commands.config_check import check_components
from sslrecipes.config.default_hooks import DEFAULT_HOOKS
from sslrecipes.config.reading import read_config
from sslrecipes.config.validation.schema import check_schema
from sslrecipes.engine.runner import SSLRunner
from sslrecipes.engine.schedulers.closed_form import ClosedFormSchedule
from sslrecipes.errors import CheckpointError, ConfigError, CoverageError
from sslrecipes.paths.ownership import NAME
from sslrecipes.registry import HOOKS, PARAM_SCHEDULERS


def weights(runner):
    return torch.cat([p.detach().flatten() for p in runner.model.parameters()])


@PARAM_SCHEDULERS.register_module(force=True)
class HalfSchedule(ClosedFormSchedule):
    """A curve that doesn't depend on the length of the run."""

    def value(self, epoch, base):
        return base / 2


def test_same_seed_same_weights(mae_on_digits):
    runs = []
    for _ in range(2):
        runner = SSLRunner.from_cfg(mae_on_digits)
        runner.train()
        runs.append(weights(runner))
    assert torch.equal(*runs)


def test_schedules_are_as_long_as_the_run_unless_they_say_otherwise(mae_on_digits, tmp_path):
    mae_on_digits.param_scheduler = [
        dict(type='WarmupCosineLR', warmup_epochs=1),
        dict(type='CosineScheduler', param_name='weight_decay', epochs=9, final=0.1),
        dict(type='HalfSchedule'),
        dict(type='MultiStepLR', milestones=[2]),
    ]
    runner = SSLRunner.from_cfg(mae_on_digits)
    runner.optim_wrapper = runner.build_optim_wrapper(runner.optim_wrapper)
    schedules = runner.build_param_scheduler(runner.param_schedulers)
    assert [schedule.epochs for schedule in schedules[:2]] == [4, 9]
    assert schedules[2].value(0, 1.0) == 0.5
    (log,) = (tmp_path / 'run').glob('*/*.log')
    assert 'param_scheduler[1].epochs=9 is not the length of the run, train_cfg.max_epochs=4: leave' in log.read_text()
    assert 'param_scheduler[0]' not in log.read_text()


def test_runners_of_one_second_log_apart(mae_on_digits, monkeypatch):
    monkeypatch.setattr('time.time', lambda: 1e9)
    runners = [SSLRunner.from_cfg(mae_on_digits) for _ in range(3)]
    first = runners[0].timestamp
    assert [runner.timestamp for runner in runners[1:]] == [f'{first}-2', f'{first}-3']
    for part in ('logger', 'message_hub', 'visualizer'):
        assert len({id(getattr(runner, part)) for runner in runners}) == 3


def test_a_runner_that_can_not_be_built_leaves_the_folder_free(mae_on_digits, tmp_path):
    mae_on_digits.model.type = 'NoSuchModel'
    with pytest.raises(KeyError) as error:
        SSLRunner.from_cfg(mae_on_digits)
    assert error.traceback  # which holds the runner
    assert not (tmp_path / 'run' / NAME).exists()


def test_resume_continues_where_the_run_stopped(mae_on_digits):
    first = SSLRunner.from_cfg(mae_on_digits)
    first.train_loop._max_epochs = 2
    first._train_loop = first.train_loop
    first.train()
    mae_on_digits.resume = True
    second = SSLRunner.from_cfg(mae_on_digits)
    lrs = []
    original = second.call_hook

    def watch(name, **kwargs):
        if name == 'before_train_iter':
            lrs.append(second.optim_wrapper.optimizer.param_groups[0]['lr'])
        original(name, **kwargs)

    second.call_hook = watch
    second.train()
    assert (second.epoch, second.iter) == (4, 16)
    schedule = second.param_schedulers[0]
    assert lrs == pytest.approx([schedule.value(2 + step / 4, 1e-3) for step in range(8)])


def test_run_resumed_after_an_epoch_ends_bit_equal(mae_on_digits, tmp_path):
    whole = SSLRunner.from_cfg(mae_on_digits)
    whole.train()
    mae_on_digits.work_dir = str(tmp_path / 'interrupted')
    first = SSLRunner.from_cfg(mae_on_digits)
    first.train_loop._max_epochs = 2
    first.train()
    mae_on_digits.resume = True
    second = SSLRunner.from_cfg(mae_on_digits)
    second.train()
    assert torch.equal(weights(second), weights(whole))


def test_bf16_on_cpu_learns(mae_on_digits):
    mae_on_digits.optim_wrapper.update(type='AmpOptimWrapper', dtype='bfloat16', accumulative_counts=2)
    runner, dtypes = SSLRunner.from_cfg(mae_on_digits), set()
    runner.model.neck.decoder_pred.register_forward_hook(lambda module, inputs, output: dtypes.add(output.dtype))
    runner.train()
    losses = runner.message_hub.get_scalar('train/loss').data[0]
    assert np.mean(losses[-4:]) < np.mean(losses[:4])
    assert dtypes == {torch.bfloat16}
    assert weights(runner).dtype == torch.float32


def test_scaled_lr_counts_accumulation(mae_on_digits):
    mae_on_digits.optim_wrapper.accumulative_counts = 2
    mae_on_digits.auto_scale_lr = dict(base_batch_size=64, enable=True)
    runner = SSLRunner.from_cfg(mae_on_digits)
    runner.train()
    scaled = 1e-3 * 16 * 2 / 64
    assert runner.param_schedulers[0].base_values[0] == pytest.approx(scaled)
    assert runner.optim_wrapper.base_param_settings['initial_lr'] == pytest.approx(scaled)


def test_epoch_shorter_than_an_optimizer_step_is_refused(mae_on_digits):
    mae_on_digits.optim_wrapper.accumulative_counts = 5
    with pytest.raises(ConfigError, match='an optimizer step needs 5'):
        SSLRunner.from_cfg(mae_on_digits).train()


def test_half_matching_checkpoint_is_refused(mae_on_digits, tmp_path):
    runner = SSLRunner.from_cfg(mae_on_digits)
    state = runner.model.state_dict()
    torch.save({'state_dict': {k: v for k, v in state.items() if 'layers.1' not in k}}, tmp_path / 'half.pth')
    before = weights(runner).clone()
    with pytest.raises(CoverageError, match=r'layers\.1'):
        runner.load_checkpoint(str(tmp_path / 'half.pth'))
    assert torch.equal(weights(runner), before)


def test_samples_do_not_depend_on_workers(mae_on_digits):
    batches = []
    for workers in (0, 2):
        mae_on_digits.train_dataloader.num_workers = workers
        loader = SSLRunner.build_dataloader(mae_on_digits.train_dataloader.to_dict(), seed=3)
        loader.sampler.set_epoch(1)
        batches.append(torch.cat([batch['inputs'] for batch in loader]))
    assert torch.equal(*batches)


@pytest.mark.parametrize(
    'left_out', [*([name] for name in DEFAULT_HOOKS), [*DEFAULT_HOOKS, 'collapse', 'mine']], ids=str
)
def test_any_default_hook_can_be_left_out(mae_on_digits, left_out):
    mae_on_digits.default_hooks = dict.fromkeys(left_out)
    check_schema(mae_on_digits)
    check_components(mae_on_digits)
    runner = SSLRunner.from_cfg(mae_on_digits)
    runner.train()
    types = {name: hook['type'].rpartition('.')[2] for name, hook in DEFAULT_HOOKS.items()}
    assert [type(hook).__name__ for hook in runner.hooks if type(hook).__name__ in types.values()] == [
        hook for hook in by_priority(types.values()) if hook not in [types.get(name) for name in left_out]
    ]


def by_priority(names):
    return sorted(names, key=lambda name: get_priority(HOOKS.get(name).priority))


def test_the_copy_of_the_config_is_python_and_never_the_config_itself(mae_on_digits, tmp_path):
    path = tmp_path / 'run' / 'mine.py'
    path.parent.mkdir()
    path.write_text('# as it was written\n')
    mae_on_digits.optim_wrapper.clip_grad = dict(max_norm=float('inf'))
    for name in ('mine.py', 'other.yaml'):
        SSLRunner.from_cfg(Config(mae_on_digits.to_dict(), filename=str(path.with_name(name)), cfg_text='# none'))
    assert path.read_text() == '# as it was written\n'
    assert read_config(path.with_name('other.py')).to_dict() == mae_on_digits.to_dict()
    assert not path.with_name('other.yaml').exists()


def test_the_copy_of_another_config_is_kept(mae_on_digits, tmp_path):
    for seed in (1, 2):
        mae_on_digits.randomness.seed = seed
        SSLRunner.from_cfg(Config(mae_on_digits.to_dict(), filename='mine.py', cfg_text='# none'))
    copies = [(tmp_path / 'run' / name).read_text() for name in ('mine.py.superseded', 'mine.py')]
    assert ['seed=1' in copies[0], 'seed=2' in copies[1]] == [True, True]


def test_a_checkpoint_that_tells_of_another_network_or_other_pictures(mae_on_digits, monkeypatch, tmp_path):
    mae_on_digits.train_dataloader.dataset.indices = 16
    trained, path = SSLRunner.from_cfg(mae_on_digits), tmp_path / 'run.pth'
    save_torch(path, {'state_dict': trained.model.state_dict(), 'meta': {'cfg': mae_on_digits.pretty_text}})
    told = []
    monkeypatch.setattr('sslrecipes.checkpoint.used_alike.print_log', lambda text, **_: told.append(text))
    SSLRunner.from_cfg(mae_on_digits).load_checkpoint(path)
    assert told == []
    other = copy.deepcopy(mae_on_digits)
    other.train_dataloader.dataset.pipeline[0].scale = 16
    other.test_dataloader, other.test_cfg, other.test_evaluator = other.pop('train_dataloader'), {}, []
    for key in ('train_cfg', 'optim_wrapper', 'param_scheduler'):
        other.pop(key)
    SSLRunner.from_cfg(other).load_checkpoint(path)
    assert told == [f'"{path}" was trained on pictures of 8 px, those of this run have 16 px.']
    told.clear()
    mae_on_digits.model.data_preprocessor = dict(mean=[1.0] * 3, std=[127.5] * 3, to_rgb=False)
    SSLRunner.from_cfg(mae_on_digits).load_checkpoint(path)
    assert ['the model takes mean 1, 1, 1' in text for text in told] == [True, False]
    assert 'channels were swapped to RGB' in told[1]
    told.clear()
    mae_on_digits.model.backbone.init_cfg = dict(type='Pretrained', checkpoint=str(path), prefix='backbone.')
    runner = SSLRunner.from_cfg(mae_on_digits)
    runner._init_model_weights()
    assert len(told) == 2
    mae_on_digits.model.backbone.arch.num_heads = 4
    with pytest.raises(CheckpointError, match='trained with 2 heads, the model has 4'):
        SSLRunner.from_cfg(mae_on_digits)._init_model_weights()
    mae_on_digits.model.backbone.init_cfg = None
    with pytest.raises(CheckpointError, match='trained with 2 heads, the model has 4'):
        SSLRunner.from_cfg(mae_on_digits).load_checkpoint(path)
