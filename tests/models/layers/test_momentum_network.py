import torch
from torch import nn

from sslrecipes.models.layers.momentum_network import MomentumNetwork


def network(value):
    norm = nn.BatchNorm1d(3)
    nn.init.constant_(norm.weight, value)
    norm.running_mean.fill_(value)
    return norm


def test_follows_from_the_first_update_on():
    teacher, student = MomentumNetwork(backbone=network(1.0), neck=network(0.0)), network(3.0)
    teacher.update(0.75, backbone=student)
    torch.testing.assert_close(teacher.backbone.weight, torch.full((3,), 1.5))
    torch.testing.assert_close(teacher.neck.weight, torch.zeros(3))
    assert student.weight.eq(3).all()


def test_statistics_of_norms_stay_its_own():
    teacher = MomentumNetwork(backbone=network(1.0))
    teacher.update(0.5, backbone=network(3.0))
    assert teacher.backbone.running_mean.eq(1).all()


def test_copy_takes_over_statistics_too():
    teacher, student = MomentumNetwork(backbone=network(1.0)), network(3.0)
    teacher.copy(backbone=student)
    assert teacher.backbone.running_mean.eq(3).all()
    assert teacher.backbone.weight.eq(3).all()
    student.weight.data.fill_(5)
    assert teacher.backbone.weight.eq(3).all()


def test_has_no_gradient():
    teacher = MomentumNetwork(backbone=network(1.0), neck=network(1.0))
    assert not any(parameter.requires_grad for parameter in teacher.parameters())
    assert set(teacher.state_dict()) == {
        f'{part}.{name}' for part in ('backbone', 'neck') for name in network(1.0).state_dict()
    }
