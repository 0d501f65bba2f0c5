"""Linear and semi-supervised evaluation: the recipes' loop, optimizer, schedule and models on a small network."""

import re
from pathlib import Path

import golden.stored_steps  # noqa: F401  registers
import pytest
import torch
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.model import BaseModule
from torch import nn

import sslrecipes.models  # noqa: F401  registers
from sslrecipes.checkpoint.conversion.keymaps import KeyMap
from sslrecipes.engine.runner import SSLRunner
from sslrecipes.registry import MODELS

PIECES = Path(__file__).parents[2] / 'configs/_base_/evaluation/sslight'
RECIPES = {('Linear', 'LARS'): 'linear_lars', ('Linear', 'SGD'): 'linear_sgd', ('Semi', 'SGD'): 'semi'}
HYPER = {
    'eval_method', 'optimizer', 'momentum', 'nesterov', 'weight_decay', 'batch', 'classes', 'epochs', 'iters_per_epoch',
    'base_lr_cfg', 'pretend_world_size', 'effective_base_lr', 'min_lr', 'lr_used_in_each_epoch',
}  # fmt: skip
LAYOUT = re.compile(
    r'conv1 \d+->\d+ k\d+ s(?P<stride>\d+) p(?P<padding>\d+) no bias, bn1, relu, global average pool, fc'
)
BACKBONE = (('conv1.', 'backbone.conv1.'), ('bn1.', 'backbone.bn1.'))
CLASSIFIERS = {
    'Linear': (('fc.', 'heads.0.'),),
    'Semi': (
        ('fc.fc1.', 'head.mlp.0.'),
        ('fc.bn1.', 'head.mlp.1.'),
        ('fc.fc2.', 'head.mlp.3.'),
        ('fc.bn2.', 'head.mlp.4.'),
        ('fc.fc3.', 'head.fc.'),
    ),
}
#: Officially a classifier is decayed with its vectors; the weight decay of the recipes is 0.
DECAYS = {
    'Linear': None,
    'Semi': dict(norm_decay_mult=0, bias_decay_mult=0, dwconv_decay_mult=0, custom_keys={'head.': dict(decay_mult=1)}),
}


@MODELS.register_module(force=True)
class EvaluationStandIn(BaseModule):
    """Convolution, batch norm, ReLU: as laid out in the cases, sizes as in their weights."""

    def __init__(self, shape, stride, padding):
        super().__init__()
        width, channels, *kernel = shape
        self.conv1 = nn.Conv2d(channels, width, kernel, stride, padding, bias=False)
        self.bn1 = nn.BatchNorm2d(width)

    def forward(self, images):
        return (self.bn1(self.conv1(images)).relu(),)


class Notes(Hook):
    """Load the stored weights; note down the learning rates and the state after each epoch."""

    def __init__(self, state):
        self.state, self.lrs, self.states = state, [], []

    def before_train(self, runner):
        runner.model.load_state_dict(self.state)

    def before_train_epoch(self, runner):
        runner.train_dataloader.dataset.epoch = runner.epoch
        self.lrs.append(set())

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        self.lrs[-1] |= {group['lr'] for group in runner.optim_wrapper.param_groups}

    def after_train_epoch(self, runner):
        self.states.append({name: value.clone() for name, value in runner.model.state_dict().items()})


def model_of(case, piece):
    """The recipe's model in the sizes of the case, on the stand-in backbone."""
    layout = {name: int(size) for name, size in LAYOUT.search(case.meta['what']).groupdict().items()}
    shape = case['state/conv1.weight'].shape
    backbone, classes = dict(type='EvaluationStandIn', shape=tuple(shape), **layout), case.hyper['classes']
    if case.hyper['eval_method'] == 'Linear':
        return dict(piece.probe, backbone=backbone, num_classes=classes, in_channels=shape[0])
    hidden = len(case['state/fc.fc1.weight'])
    head = dict(piece.model.head, num_classes=classes, in_channels=shape[0], hidden_channels=hidden, init_cfg=None)
    return dict(piece.model, backbone=backbone, head=head)


def optimization_of(hyper, piece):
    """The recipe's optimizer and schedule with the numbers of the case."""
    optimizer = dict(piece.optim_wrapper.optimizer)
    assert optimizer['type'] == hyper['optimizer']
    optimizer |= dict(lr=hyper['effective_base_lr'], momentum=hyper['momentum'], weight_decay=hyper['weight_decay'])
    if hyper['optimizer'] == 'SGD':
        optimizer['nesterov'] = hyper['nesterov']
    else:
        assert not hyper['nesterov'], 'LARS has none'
    wrapper = dict(piece.optim_wrapper, optimizer=optimizer)
    if hyper['weight_decay']:
        wrapper |= dict(constructor='DefaultOptimWrapperConstructor', paramwise_cfg=DECAYS[hyper['eval_method']])
    schedule = dict(piece.param_scheduler, epochs=hyper['epochs'], final=hyper['min_lr'])
    return dict(optim_wrapper=wrapper, param_scheduler=schedule)


def recipe_of(case, work_dir):
    """Config of the evaluation that a case has stored."""
    hyper = case.hyper
    assert set(hyper) == HYPER, 'the test does not know these hyper-parameters'
    piece = Config.fromfile(PIECES / f'{RECIPES[hyper["eval_method"], hyper["optimizer"]]}.py')
    return dict(
        default_scope='sslrecipes',
        work_dir=str(work_dir),
        model=model_of(case, piece),
        train_dataloader=dict(
            batch_size=hyper['batch'],
            num_workers=0,
            sampler=dict(type='DefaultSampler', shuffle=False),
            collate_fn=dict(type='default_collate'),
            dataset=dict(
                type='StoredSteps',
                file=str(case.file),
                batch=hyper['batch'],
                steps_per_epoch=hyper['iters_per_epoch'],
            ),
        ),
        train_cfg=dict(piece.train_cfg, max_epochs=hyper['epochs']),
        default_hooks=dict(checkpoint=None),
        log_level='WARNING',
        **optimization_of(hyper, piece),
    )


@pytest.mark.golden('sslight/linear_probe_train', 'sslight/linear_probe_sgd', 'sslight/semi_train')
def test_evaluation(case, tmp_path):
    hyper = case.hyper
    scaled = hyper['base_lr_cfg'] * hyper['batch'] * hyper['pretend_world_size'] / 256
    assert hyper['effective_base_lr'] == pytest.approx(scaled, rel=1e-9)
    keymap = KeyMap('classification', (*BACKBONE, *CLASSIFIERS[hyper['eval_method']]))
    start = keymap.to_ours(case.part('state/'))
    notes = Notes(start)
    runner = SSLRunner.from_cfg(Config(recipe_of(case, tmp_path)))
    runner.register_hook(notes)
    model = runner.train().eval()

    for lrs, expected in zip(notes.lrs, hyper['lr_used_in_each_epoch'], strict=True):
        assert list(lrs) == [pytest.approx(expected, rel=1e-9)]
    for epoch, state in enumerate(notes.states, 1):
        expected = keymap.to_ours(case.part(f'out/state_after_epoch{epoch}/'))
        assert set(expected) == set(state)
        for name, value in expected.items():
            torch.testing.assert_close(state[name].float(), value, rtol=1e-4, atol=1e-6, msg=name)
            change = (state[name] - start[name], value - start[name])
            torch.testing.assert_close(*change, rtol=1e-2, atol=1e-6, msg=f'change of {name}')
    with torch.no_grad():
        logits = model(case['in/x_eval']).reshape(case['out/logits_eval'].shape)
    torch.testing.assert_close(logits, case['out/logits_eval'], rtol=1e-4, atol=1e-6)
