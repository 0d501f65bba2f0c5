from pathlib import Path

import pytest
from mmengine.config import Config
from torch import nn
from torch.utils.data import DataLoader

from sslrecipes.commands.rehearsal import rehearse
from sslrecipes.engine.advice import lengths_that_do_not_fit, lr_for_another_batch, one_class_only, queues_for_more_data
from sslrecipes.engine.runner import SSLRunner
from sslrecipes.models.heads import MoCoHead, SwAVHead
from sslrecipes.models.methods import LinearProbe
from sslrecipes.registry import MODELS


def recipe(base=None, lr=0.3, filename=None):
    scale = {'auto_scale_lr': dict(base_batch_size=base)} if base else {}
    return Config(dict(optim_wrapper=dict(optimizer=dict(lr=lr)), **scale), filename=filename, cfg_text='# none')


@pytest.mark.parametrize(
    ('cfg', 'batch', 'advice'),
    [
        (recipe(1024), 1024, None),
        (recipe(), 32, None),
        (recipe(1024, lr=0), 32, None),
        (recipe(1024), 32, 'lr=0.3 is meant for 1024 images per optimizer step, but this run has 32: linear scaling '),
        (recipe(1024), 32, 'linear scaling would make it 0.009375; do it with --auto-scale-lr, or set it, unless it'),
        (recipe(filename='a_b_8xb2-accum4-coslr-9e_in1k.py'), 64, None),
        (recipe(filename='a_b_8xb2-accum4-coslr-9e_in1k.py'), 8, 'make it 0.0375; set it, unless it was chosen for'),
        (recipe(filename='mine.py'), 8, None),
    ],
)  # fmt: skip
def test_lr_for_another_batch_is_told_with_what_linear_scaling_makes_of_it(cfg, batch, advice):
    said = lr_for_another_batch(cfg, batch)
    assert said is advice is None or advice in said


@pytest.mark.parametrize(('head', 'told'), [('LinearClsHead', True), ('MultiLabelLinearClsHead', False)])
@pytest.mark.parametrize('classes', [1, 2])
def test_a_classifier_of_one_class_is_told(head, told, classes):
    model = nn.Module()
    model.head = MODELS.build(dict(type=head, num_classes=classes, in_channels=2))
    expected = [
        'model.head.num_classes=1: of one class there is nothing to learn, the loss is 0 and every accuracy 100 %.'
    ]
    assert list(one_class_only(model)) == (expected if told and classes == 1 else [])


@pytest.mark.parametrize('classes', [1, 2])
def test_a_probe_of_one_class_is_told(classes):
    model = LinearProbe(nn.Identity(), num_classes=classes, in_channels=2)
    assert len(list(one_class_only(model))) == (classes == 1)


def test_queues_longer_than_the_data_are_named():
    model = nn.Module()
    model.head, model.neck = nn.Module(), nn.Module()
    model.head.queue_length, model.neck.queue_length, model.queue_len = 96, 100, 128
    loader = DataLoader(range(100), batch_size=8)
    said = list(queues_for_more_data(model, loader, processes=2))
    assert [line.partition(' ')[0] for line in said] == ['model.queue_len=128']
    assert said[0].endswith('at most 96 are sound.')


@pytest.mark.parametrize('place', ['model.head.queue_length', 'model.queue_len'])
def test_negatives_that_are_positives_are_told(place):
    model = nn.Module()
    model.head = MoCoHead(loss_weights=(1.0,), feat_channels=2, queue_length=48 if 'head' in place else 8)
    model.neck = SwAVHead(loss_weights=(1.0,), feat_channels=2, queue_length=96)
    model.queue_len = 48 if place == 'model.queue_len' else 8
    (said,) = queues_for_more_data(model, DataLoader(range(96), batch_size=8), processes=1)
    assert said.startswith(f'{place}=48 keys are 50% of the 96 training images: 12% of the queries meet')
    assert f'{place}=24 would leave 3%' in said
    (said,) = queues_for_more_data(model, DataLoader(range(96), batch_size=8), processes=2, micro_batches=2)
    assert f'{place}=32 would leave 6%' in said
    assert not list(queues_for_more_data(model, DataLoader(range(960), batch_size=8), processes=1))


def test_the_start_of_a_run_warns(mae_on_digits):
    mae_on_digits.auto_scale_lr = dict(base_batch_size=64)
    mae_on_digits.optim_wrapper.accumulative_counts = 2
    runner = SSLRunner.from_cfg(mae_on_digits)
    runner.model.head.queue_length = 80
    rehearse(runner)
    said = next(Path(runner.log_dir).glob('*.log')).read_text()
    assert 'linear scaling would make it 0.0005; do it with --auto-scale-lr' in said
    assert 'model.head.queue_length=80 is more than the 64 training images' in said


@pytest.mark.parametrize('lr', [0, 1e-3])
def test_scaling_is_done_silently_and_no_lr_stays_none(mae_on_digits, lr):
    mae_on_digits.auto_scale_lr = dict(base_batch_size=64, enable=True)
    mae_on_digits.optim_wrapper.optimizer.lr = lr
    runner = SSLRunner.from_cfg(mae_on_digits)
    rehearse(runner)
    assert 'linear scaling would' not in next(Path(runner.log_dir).glob('*.log')).read_text()
    assert runner.optim_wrapper.optimizer.param_groups[0]['initial_lr'] == lr / 4


@pytest.mark.parametrize(('epochs', 'told'), [(2, True), (3, False), (9, False)])
def test_a_temperature_that_never_gets_there_is_told(epochs, told):
    head = dict(type='DINOHead', warmup_teacher_temp_epochs=3)
    cfg = Config(dict(model=dict(head=head), train_cfg=dict(max_epochs=epochs), param_scheduler=dict(type='X')))
    assert [
        f'=3 is longer than the run, train_cfg.max_epochs={epochs}' in text for text in lengths_that_do_not_fit(cfg)
    ] == [True] * told
