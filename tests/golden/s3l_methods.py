"""The methods of S3L's recipes with the stand-in network of the cases, under the names of the official builders."""

import re
from copy import deepcopy
from pathlib import Path

import torch
from mmengine.model import BaseModule
from torch import nn

from sslrecipes.checkpoint.conversion.keymaps.resnet import RESNET
from sslrecipes.checkpoint.conversion.keymaps.rules import KeyMap
from sslrecipes.config.reading import read_config
from sslrecipes.models.utils.progress import Progress
from sslrecipes.registry import MODELS

MODELS_OF_S3L = Path(__file__).parents[2] / 'configs/_base_/models/s3l'
LAYOUT = re.compile(
    r'conv1 (?P<image>\d+)->(?P<width>\d+) k(?P<kernel>\d+) s(?P<stride>\d+) p(?P<padding>\d+) no bias, bn1, ReLU, '
    r'avgpool \(global\), flatten, fc'
)
START = Progress(step=0, steps_per_epoch=100, epochs=1)


@MODELS.register_module()
class S3LStandIn(BaseModule):
    """Convolution, batch norm and ReLU; as laid out in the cases."""

    def __init__(self, image, width, kernel, stride, padding):
        super().__init__()
        self.conv1 = nn.Conv2d(image, width, kernel, stride, padding, bias=False)
        self.bn1 = nn.BatchNorm2d(width)

    def forward(self, images):
        return (self.bn1(self.conv1(images)).relu(),)


def rows(official, ours=''):
    """The backbone's rows under a prefix."""
    return tuple((f'{official}{theirs}', f'{ours}{mine}') for theirs, mine in RESNET)


NAMES = {
    'MoCo': (
        *rows('encoder_q.'),
        *rows('encoder_k.', 'momentum_encoder.'),
        *(
            (f'{theirs}.fc.{number}', f'{ours}neck.mlp.{number}')
            for theirs, ours in (('encoder_q', ''), ('encoder_k', 'momentum_encoder.'))
            for number in ('{i}.', '')
        ),
        ('queue', 'head.queue'),
        ('queue_ptr', 'head.queue_ptr'),
    ),
    'BYOL': (
        *rows('online_encoder.encoder_q.'),
        *rows('target_encoder.encoder_q.', 'teacher.'),
        ('online_encoder.projector.net.{i}.', 'neck.mlp.{i}.'),
        ('target_encoder.projector.net.{i}.', 'teacher.neck.mlp.{i}.'),
        ('online_predictor.net.{i}.', 'head.predictor.mlp.{i}.'),
    ),
    'SimCLR': (*rows('encoder_q.'), ('encoder_q.fc.{i}.', 'neck.mlp.{i}.'), ('encoder_q.fc.', 'neck.mlp.')),
    'SimSiam': (
        *rows('encoder_q.'),
        ('projection.{i}.', 'neck.mlp.{i}.'),
        ('prediction.{i}.', 'head.predictor.mlp.{i}.'),
    ),
}
UNUSED = r'(online_encoder|target_encoder)\.encoder_q\.fc\.(weight|bias)'  # BYOL's classifier


def keymap(method):
    """Official names of a method's network and ours."""
    return KeyMap(family=f's3l {method}', rules=NAMES[method], left_out=(UNUSED,) if method == 'BYOL' else ())


def build(case, recipe, **sizes):
    """The model of a recipe, with the stand-in network and the sizes of the case, and the weights of the case.

    Args:
        case: The case.
        recipe: Name of the model's base file.
        **sizes: Dotted keys of the model and their values.
    """
    cfg = deepcopy(read_config(MODELS_OF_S3L / f'{recipe}.py').model)
    layout = {name: int(value) for name, value in LAYOUT.search(case.meta['what']).groupdict().items()}
    cfg.backbone = dict(type='S3LStandIn', **layout)
    sizes = {'neck.in_channels': layout['width'], 'neck.hidden_channels': layout['width'], **sizes}
    cfg.merge_from_dict(sizes) if hasattr(cfg, 'merge_from_dict') else merge(cfg, sizes)
    model = MODELS.build(cfg).train()
    state = keymap(cfg.type).to_ours(case.part('state/'))
    own = model.state_dict()
    reshaped = {name: value.reshape(own[name].shape).to(own[name].dtype) for name, value in state.items()}
    model.load_state_dict(reshaped)
    return model


def merge(cfg, sizes):
    """Set dotted keys."""
    for key, value in sizes.items():
        *way, last = key.split('.')
        node = cfg
        for part in way:
            node = node[part]
        node[last] = value


def optimizer_of(model, hyper):
    """The optimizer of S3L: everything is decayed."""
    options = dict(lr=hyper['lr'], momentum=hyper['sgd_momentum'], weight_decay=hyper['weight_decay'])
    return torch.optim.SGD(model.parameters(), **options)


def take_step(model, views, optimizer=None, number=0):
    """One optimizer step as the runner takes it; returns loss and gradients by name, None where there is none."""
    model.begin_step(START._replace(step=number))
    (loss,) = model(views, mode='loss').values()
    model.zero_grad(set_to_none=True)
    loss.backward()
    gradients = {name: parameter.grad for name, parameter in model.named_parameters()}
    if optimizer is not None:
        optimizer.step()
        model.end_step()
    return loss.detach(), {name: None if grad is None else grad.clone() for name, grad in gradients.items()}


def compare_gradients(model_name, gradients, stored):
    """All stored gradients are ours, and what has none there has none, or zero, here."""
    expected = keymap(model_name).to_ours(stored)
    for name, gradient in gradients.items():
        if name in expected:
            torch.testing.assert_close(gradient, expected.pop(name), rtol=1e-3, atol=1e-6, msg=name)
        else:
            assert gradient is None or not gradient.any(), name
    assert not expected


def compare_states(model, before, stored):
    """States rtol 1e-3, their changes rtol 1e-2, atol 1e-5; counts are exact."""
    expected = keymap(type(model).__name__).to_ours(stored)
    start = keymap(type(model).__name__).to_ours(before)
    state = model.state_dict()
    assert set(expected) == set(state)
    for name, value in expected.items():
        actual, message = state[name].float().reshape(value.shape), f'{name} differs'
        torch.testing.assert_close(actual, value, rtol=1e-3, atol=1e-5, msg=message)
        torch.testing.assert_close(actual - start[name], value - start[name], rtol=1e-2, atol=1e-5, msg=message)
