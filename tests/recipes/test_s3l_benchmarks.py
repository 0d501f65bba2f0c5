"""The classification benchmarks of S3L against its scripts' settings, and their steps against plain torch."""

import math
from copy import deepcopy

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from mmengine.optim import build_optim_wrapper
from mmpretrain.structures import DataSample
from torchvision.models import resnet18

from sslrecipes.config.picture_size import picture_size
from sslrecipes.registry import PARAM_SCHEDULERS

PRE = 'resnet50_moco-v2-in1k-pre'
ZOOM, CROP, SHIFT = 'RandomResizedCrop', 'RandomCrop', 'RandomCrop with padding'
#: Fine-tuning: classes, lr, epochs, milestones, batch norms in eval mode, kind of crop.
FINETUNE = {
    'aircraft': (100, 0.001, 60, [20, 40], True, ZOOM),
    'cars': (196, 0.001, 120, [40, 80], True, ZOOM),
    'caltech101': (102, 0.001, 60, [20, 40], False, CROP),
    'cub200': (200, 0.01, 30, [10, 20], False, ZOOM),
    'pets': (37, 0.01, 120, [40, 80], False, ZOOM),
    'cifar10': (10, 0.001, 60, [20, 40], True, SHIFT),
    'cifar100': (100, 0.001, 60, [20, 40], True, SHIFT),
    'voc07': (20, 0.01, 60, None, True, CROP),
}
#: Linear evaluation: epochs, milestones, kind of crop.
LINEAR = {
    'aircraft': (60, [20, 40], ZOOM),
    'cars': (60, [20, 40], CROP),
    'caltech101': (60, [20, 40], CROP),
    'cub200': (30, [10, 20], ZOOM),
    'pets': (60, [20, 40], CROP),
    'cifar10': (60, [20, 40], SHIFT),
    'cifar100': (30, [10, 20], SHIFT),
    'voc07': (30, [10, 20], CROP),
}
BEST = {'caltech101': 'accuracy/balanced', 'voc07': 'multi-label/mAP'}
DECAY = {'voc07': 1e-5}


def crop_of(cfg):
    kinds = [f'{step.type} with padding' if step.get('padding') else step.type for step in pipeline(cfg)]
    return next(kind for kind in kinds if kind in (ZOOM, CROP, SHIFT))


def pipeline(cfg):
    return cfg.train_dataloader.dataset.pipeline


def check_common(cfg, data, epochs, milestones, crop):
    optimizer, sizes = cfg.optim_wrapper.optimizer, [picture_size(cfg.train_dataloader)]
    sizes += [picture_size(cfg.test_dataloader)] if crop != SHIFT else []
    assert (optimizer.type, optimizer.momentum, optimizer.get('nesterov')) == ('SGD', 0.9, None)
    assert optimizer.weight_decay == DECAY.get(data, 5e-4)
    assert 'constructor' not in cfg.optim_wrapper, 'biases and norms are decayed, too'
    assert (cfg.train_cfg.max_epochs, cfg.param_scheduler.get('milestones')) == (epochs, milestones)
    assert crop_of(cfg) == crop
    assert set(sizes) == {32 if crop == SHIFT else 224}
    assert cfg.default_hooks.checkpoint.save_best == BEST.get(data, 'accuracy/top1')
    assert cfg.train_cfg.val_interval == 1


@pytest.mark.parametrize('data', FINETUNE)
def test_settings_of_fine_tuning(data, resolve):
    classes, lr, epochs, milestones, norm_eval, crop = FINETUNE[data]
    cfg = resolve(f'{PRE}_4xb16-{"multisteplr" if milestones else "coslr"}-{epochs}e_{data}')
    check_common(cfg, data, epochs, milestones, crop)
    assert cfg.optim_wrapper.optimizer.lr == lr
    assert cfg.model.head.num_classes == classes
    assert cfg.model.backbone.get('norm_eval', False) == norm_eval
    assert not cfg.train_dataloader.drop_last


@pytest.mark.parametrize('data', LINEAR)
def test_settings_of_linear_evaluation(data, resolve):
    epochs, milestones, crop = LINEAR[data]
    cfg = resolve(f'{PRE}_{"1xb16" if data == "voc07" else "4xb16"}-linear-multisteplr-{epochs}e_{data}')
    check_common(cfg, data, epochs, milestones, crop)
    assert cfg.optim_wrapper.optimizer.lr == 10
    head = cfg.model if cfg.model.type == 'LinearProbe' else cfg.model.head
    assert head.num_classes == FINETUNE[data][0]
    assert [hook.type for hook in cfg.custom_hooks] == ['FrozenBackboneHook']


def test_settings_of_the_linear_evaluation_on_imagenet(resolve):
    cfg = resolve(f'{PRE}_8xb32-linear-multisteplr-100e_in1k')
    optimizer = cfg.optim_wrapper.optimizer
    assert (optimizer.lr, optimizer.weight_decay, cfg.train_cfg.max_epochs) == (30, 0, 100)
    assert cfg.param_scheduler.milestones == [60, 80]
    assert (crop_of(cfg), picture_size(cfg.train_dataloader), picture_size(cfg.test_dataloader)) == (ZOOM, 224, 224)


def small(cfg, tiny, classes):
    """Model of a recipe as a ResNet18 with few classes, and its optimizer."""
    cfg = deepcopy(cfg)
    cfg.model.backbone.depth = 18
    cfg.model.backbone.pop('init_cfg')
    if cfg.model.type == 'LinearProbe':
        cfg.model.update(num_classes=classes, in_channels=512)
    else:
        cfg.model.head.update(num_classes=classes, in_channels=512)
        if 'loss_weight' in cfg.model.head.loss and cfg.model.head.loss.get('use_sigmoid'):
            assert cfg.model.head.loss.loss_weight == pytest.approx(1 / 20)
            cfg.model.head.loss.loss_weight = 1 / classes
    model = tiny.build_model(cfg)
    return model, build_optim_wrapper(model, cfg.optim_wrapper), cfg.optim_wrapper.optimizer


def state_of(model):
    """Weights and statistics by torchvision's names."""
    parts = {'backbone.': '', 'head.fc.': 'fc.', 'heads.0.': 'fc.'}
    return {
        new + name.removeprefix(old): value
        for name, value in model.state_dict().items()
        for old, new in parts.items()
        if name.startswith(old)
    }


def official(state, classes):
    """torchvision's network with the weights of ours, and statistics that a pre-training may have left."""
    network = resnet18(num_classes=classes)
    assert network.state_dict().keys() == state.keys()
    for name, value in state.items():
        if name.endswith('running_mean'):
            value.normal_(std=0.1)
        elif name.endswith('running_var'):
            value.uniform_(0.5, 1.5)
    network.load_state_dict(state)
    return network


STEPS = {
    'fine-tuning, batch norms in eval mode': ('4xb16-multisteplr-60e_aircraft', 'all', False),
    'fine-tuning': ('4xb16-multisteplr-30e_cub200', 'all', True),
    'several labels': ('4xb16-coslr-60e_voc07', 'all', False),
    'linear': ('4xb16-linear-multisteplr-30e_cub200', 'fc', False),
    'linear on ImageNet': ('8xb32-linear-multisteplr-100e_in1k', 'fc', False),
    'linear, several labels': ('1xb16-linear-multisteplr-30e_voc07', 'fc', False),
}


@pytest.mark.parametrize('kind', STEPS)
def test_steps_are_those_of_plain_torch(kind, resolve, tiny):
    recipe, trained, batch_statistics = STEPS[kind]
    model, wrapper, said = small(resolve(f'{PRE}_{recipe}'), tiny, classes=6)
    network = official(state_of(model), 6).train(batch_statistics)
    before = deepcopy(network.state_dict())
    learning = [param for name, param in network.named_parameters() if trained == 'all' or name.startswith('fc.')]
    optimizer = torch.optim.SGD(learning, said.lr, momentum=0.9, weight_decay=said.weight_decay)
    model.train()
    for _ in range(2):
        images, labels = torch.randn(4, 3, 32, 32), torch.rand(4, 6) > 0.6
        samples = [DataSample().set_gt_score(row.float()) for row in labels]
        target = labels.float()
        if 'several' not in kind:
            target = torch.randint(6, (4,))
            samples = [DataSample().set_gt_label(label) for label in target]
        wrapper.update_params(model.parse_losses(model(images, samples, mode='loss'))[0])
        loss = F.binary_cross_entropy_with_logits if target.ndim == 2 else F.cross_entropy
        optimizer.zero_grad()
        loss(network(images), target).backward()
        optimizer.step()
    found, expected = state_of(model), network.state_dict()
    for name, value in expected.items():
        torch.testing.assert_close(found[name], value, rtol=1e-4, atol=1e-6)
    moved = {name for name, value in found.items() if not torch.equal(value, before[name])}
    statistics = {name for name in before if 'running' in name or 'num_batches' in name}
    weights = {name for name in before if trained == 'all' or name.startswith('fc.')} - statistics
    assert moved == weights | (statistics if batch_statistics else set())


def rates(cfg, epochs, length):
    """Learning rate at each iteration of some epochs."""
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], cfg.optim_wrapper.optimizer.lr)
    said = dict(optimizer=optimizer, epochs=epochs, epoch_length=length, convert_to_iter_based=True)
    schedule = PARAM_SCHEDULERS.build({**cfg.param_scheduler, **said})
    found = []
    for _ in range(epochs * length):
        found.append(optimizer.param_groups[0]['lr'])
        optimizer.step()
        schedule.step()
    return found


def test_cosine_of_voc_moves_with_each_iteration(resolve):
    expected = [0.01 * 0.5 * (1 + math.cos(math.pi * (epoch + i / 7) / 5)) for epoch in range(5) for i in range(7)]
    assert rates(resolve(f'{PRE}_4xb16-coslr-60e_voc07'), 5, 7) == pytest.approx(expected)


def test_cosine_of_the_supervised_baseline_moves_with_each_epoch(resolve):
    expected = [0.1 * 0.5 * (1 + math.cos(math.pi * epoch / 5)) for epoch in range(5) for _ in range(7)]
    assert rates(resolve('resnet50_scratch_8xb32-coslr-800e_in1k-50000'), 5, 7) == pytest.approx(expected)


def test_supervised_baseline_with_the_official_and_a_sane_weight_decay(resolve):
    names = ('in1k-50000', 'in1k-10-per-class', 'in1k-50-per-class', 'in1k-10-classes')
    for name in names:
        official, sane = (resolve(f'resnet50_scratch{kind}_8xb32-coslr-800e_{name}') for kind in ('', '-wd1e-4'))
        one, other = (cfg.optim_wrapper.optimizer for cfg in (official, sane))
        assert (one.weight_decay, other.weight_decay) == (0.0, 1e-4)
        assert {**one, 'weight_decay': 1e-4} == other
        assert (official.train_cfg.max_epochs, official.train_cfg.val_interval) == (800, 100)
