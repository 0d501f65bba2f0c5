"""Steps of S3L's classification benchmarks against torchvision's network and plain torch."""

from copy import deepcopy

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from mmengine.optim import build_optim_wrapper
from mmpretrain.structures import DataSample
from torchvision.models import resnet18

PRE = 'resnet50_moco-v2-in1k-pre'


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
