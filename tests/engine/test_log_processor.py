from types import SimpleNamespace

import pytest
from mmengine.logging import MessageHub
from mmengine.runner import LogProcessor as MMEngineLogProcessor

from sslrecipes.engine.log_processor import LogProcessor

TIMES = dict(time=0.5, data_time=0.1)
RATES = dict(images_per_second=512.4, data_share=0.2)


def runner_with(scalars, name, eta=65.4):
    hub = MessageHub(name)
    hub.update_scalars({f'train/{key}': value for key, value in scalars.items()})
    if eta is not None:
        hub.update_info('eta', eta)
    loop = SimpleNamespace(dataloader=range(18))
    return SimpleNamespace(
        message_hub=hub, train_loop=loop, val_loop=loop, _train_loop=loop, epoch=2, max_epochs=20, iter=41
    )


@pytest.mark.parametrize(
    ('scalars', 'line'),
    [
        (
            dict(lr=1e-5, base_lr=2e-3, loss=0.815, loss_cls=0.5, **TIMES, **RATES),
            'loss: 0.8150  loss_cls: 0.5000  lr: 2.00e-03  512 img/s  waiting for data: 20%  eta: 0:01:05',
        ),
        (dict(lr=1e-5, loss=0.5, **TIMES, **RATES, grad_norm=2.0) | dict(images_per_second=3.21, data_share=0.09),
         'loss: 0.5000  grad_norm: 2.0000  lr: 1.00e-05  3.2 img/s  eta: 0:01:05'),
        (dict(lr=1e-5, loss=0.5, **TIMES), 'loss: 0.5000  lr: 1.00e-05  time: 0.5 s  eta: 0:01:05'),
        ({'a.lr': 1e-5, 'b.lr': 1e-6, 'b.base_lr': 1e-3, 'loss': 0.5},
         'loss: 0.5000  a.lr: 1.00e-05  b.lr: 1.00e-03  eta: 0:01:05'),
    ],
    ids=['layer decay', 'no base_lr', 'no throughput', 'two optimizers'],
)  # fmt: skip
@pytest.mark.parametrize('hierarchy', [False, True])
def test_line_of_a_training(scalars, line, hierarchy, request, monkeypatch):
    monkeypatch.setattr('mmengine.runner.log_processor.is_cuda_available', lambda: False)
    runner = runner_with(scalars, request.node.name)
    tag, written = LogProcessor(log_with_hierarchy=hierarchy).get_log_after_iter(runner, 5, 'train')
    assert written == f'Epoch(train)  [3][ 6/18]  {line}'
    assert tag == MMEngineLogProcessor(log_with_hierarchy=hierarchy).get_log_after_iter(runner, 5, 'train')[0]


def test_memory_of_a_gpu_and_no_time_left(request, monkeypatch):
    monkeypatch.setattr('mmengine.runner.log_processor.is_cuda_available', lambda: True)
    monkeypatch.setattr(LogProcessor, '_get_max_memory', lambda *_: 1234)
    runner = runner_with(dict(lr=0.5, loss=1.0), request.node.name, eta=None)
    assert (
        LogProcessor()
        .get_log_after_iter(runner, 5, 'train')[1]
        .endswith(']  loss: 1.0000  lr: 5.00e-01  memory: 1234 MB')
    )


def test_lines_of_a_validation(request, monkeypatch):
    monkeypatch.setattr('mmengine.runner.log_processor.is_cuda_available', lambda: False)
    runner = runner_with({}, request.node.name)
    runner.message_hub.update_scalars({'val/time': 0.5, 'val/data_time': 0.1, 'val/knn/top1_k20': 45.0})
    processor = LogProcessor()
    assert processor.get_log_after_iter(runner, 5, 'val')[1] == 'Epoch(val)  [2][ 6/18]  eta: 0:01:05'
    tag, line = processor.get_log_after_epoch(runner, 18, 'val')
    assert line == 'Epoch(val) [2][18/18]    knn/top1_k20: 45.0000'
    assert tag == {'knn/top1_k20': 45.0, 'data_time': 0.1, 'time': 0.5}
