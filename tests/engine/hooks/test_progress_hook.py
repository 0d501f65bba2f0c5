import json
import re
from io import StringIO
from types import SimpleNamespace

import pytest
import torch
from mmengine.evaluator import BaseMetric
from mmengine.logging import MessageHub
from mmengine.model import BaseModel
from mmengine.runner import Runner
from rich.console import Console
from torch.utils.data import Dataset

from sslrecipes.engine.hooks import progress_hook
from sslrecipes.engine.hooks.progress_hook import ProgressHook, images_in


class Images(Dataset):
    def __len__(self):
        return 24

    def __getitem__(self, index):
        return dict(inputs=torch.full((3, 4, 4), index / 24))


class Toy(BaseModel):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(3, 1)

    def forward(self, inputs, mode='loss'):
        out = self.layer(inputs.mean((2, 3)))
        return dict(loss=out.square().mean()) if mode == 'loss' else list(out)


class Count(BaseMetric):
    def process(self, data_batch, data_samples):
        self.results.extend(data_samples)

    def compute_metrics(self, results):
        return dict(count=len(results))


def make_runner(work_dir, train_cfg, **options):
    loader = dict(
        dataset=Images(),
        batch_size=4,
        sampler=dict(type='DefaultSampler', shuffle=False),
        collate_fn=dict(type='default_collate'),
    )
    hooks = dict(checkpoint=None, logger=dict(type='LoggerHook', interval=3), progress=dict(type='ProgressHook'))
    hooks |= options.pop('default_hooks', {})
    return Runner(
        model=Toy(),
        work_dir=str(work_dir),
        train_dataloader=loader,
        train_cfg=train_cfg,
        optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.25)),
        val_dataloader=loader,
        val_cfg=dict(),
        val_evaluator=[Count()],
        test_dataloader=loader,
        test_cfg=dict(),
        test_evaluator=[Count()],
        default_hooks=hooks,
        default_scope='sslrecipes',
        experiment_name=work_dir.as_posix(),
        **options,
    )


@pytest.fixture
def screen(monkeypatch):
    """Make the hook believe that it runs on a terminal; what it writes ends here."""
    screen = StringIO()
    console = Console(file=screen, force_terminal=True, width=120)
    monkeypatch.setattr(progress_hook, 'terminal_console', lambda: console)
    return screen


def shown(screen):
    return re.sub(r'\x1b\[[0-9;?]*[a-zA-Z]', '', screen.getvalue())


def test_line_of_an_epoch_based_run(tmp_path, screen):
    make_runner(tmp_path, dict(by_epoch=True, max_epochs=2)).train()
    figures = r'eta 0:00:00  loss \d\.\d{4}  lr 2\.50e-01  \d+ img/s  data \d+%'
    assert re.search(rf'epoch 2/2 .*6/6 {figures}', shown(screen))
    assert re.search(r'val .*6/6 eta 0:00:00', shown(screen))
    assert shown(screen).rstrip().splitlines()[-1].startswith('epoch 2/2')


def test_line_of_an_iteration_based_run(tmp_path, screen):
    make_runner(tmp_path, dict(by_epoch=False, max_iters=9)).train()
    assert re.search(r'train .*9/9 eta', shown(screen))


@pytest.mark.parametrize('stretch', ['val', 'test'])
def test_line_of_an_evaluation_alone(tmp_path, screen, stretch):
    getattr(make_runner(tmp_path, dict(by_epoch=True, max_epochs=1)), stretch)()
    assert re.search(rf'{stretch} .*6/6', shown(screen))


def test_no_terminal_no_line_but_scalars(tmp_path, capsys):
    runner = make_runner(tmp_path, dict(by_epoch=True, max_epochs=1))
    runner.train()
    assert '━' not in ''.join(capsys.readouterr())
    records = (tmp_path / runner.timestamp / 'vis_data' / 'scalars.json').read_text().splitlines()
    logged = [record for record in map(json.loads, records) if 'loss' in record]
    assert [record['iter'] for record in logged] == [3, 6]
    for record in logged:
        assert record['images_per_second'] == pytest.approx(4 / record['time'])  # all batches are of one size
        assert record['data_share'] == pytest.approx(record['data_time'] / record['time'])


def test_throughput_is_the_mean_over_the_last_ten_iterations():
    hub = MessageHub('throughput')
    runner = SimpleNamespace(message_hub=hub)
    hook = ProgressHook()
    for iteration in range(12):
        slow = iteration < 2
        hub.update_scalars({'train/time': 100.0 if slow else 0.5, 'train/data_time': 90.0 if slow else 0.1})
        hook.after_train_iter(runner, iteration, dict(inputs=torch.zeros(8 if slow else 4, 3, 2, 2)))
    assert hub.get_scalar('train/images_per_second').current() == pytest.approx(4 / 0.5)
    assert hub.get_scalar('train/data_share').current() == pytest.approx(0.2)


@pytest.mark.parametrize(
    'inputs',
    [
        torch.zeros(5, 3, 2, 2),
        [torch.zeros(3, 2, 2)] * 5,
        [torch.zeros(5, 3, 2, 2), torch.zeros(5, 3, 1, 1)],
    ],
    ids=['tensor', 'list of images', 'list of views'],
)
def test_number_of_images_in_a_batch(inputs):
    assert images_in(dict(inputs=inputs)) == 5


@pytest.mark.parametrize(
    ('left_out', 'figures'),
    [
        (['timer'], r'loss \d\.\d{4}  lr 2\.50e-01'),
        (['runtime_info'], r'eta 0:00:00  \d+ img/s  data \d+%'),
        (['timer', 'runtime_info'], ''),
    ],
)
def test_without_the_hooks_that_know_them_figures_are_left_out(tmp_path, screen, caplog, left_out, figures):
    runner = make_runner(
        tmp_path, dict(by_epoch=True, max_epochs=1), default_hooks=dict(logger=None, **dict.fromkeys(left_out))
    )
    runner.logger.addHandler(caplog.handler)
    runner.train()
    assert re.search(rf'epoch 1/1 .*6/6 {figures}\s*$', shown(screen), re.MULTILINE)
    said = [record.getMessage() for record in caplog.records if 'IterTimerHook' in record.getMessage()]
    assert len([line for line in said if line.startswith('Without')]) == ('timer' in left_out)
