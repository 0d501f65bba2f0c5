"""MoCo of SSLight against the official code."""

import pytest
import torch

from sslrecipes.checkpoint.conversion.keymaps import KEYMAPS
from sslrecipes.registry import MODELS


def of_neck(state):
    """Tensors under the names of our neck."""
    renamed = KEYMAPS['sslight-moco'].to_ours({f'encoder_q.head.{name}': value for name, value in state.items()})
    return {name.removeprefix('neck.'): value for name, value in renamed.items()}


@pytest.mark.golden('sslight/moco_head')
def test_neck(case):
    hyper, tolerance = case.hyper, dict(rtol=1e-3, atol=1e-5)
    assert (hyper['kind'], hyper['nlayers'], hyper['bn']) == ('moco', 2, False)
    sizes = dict(in_channels=hyper['in_dim'], hidden_channels=hyper['hidden'], out_channels=hyper['out_dim'])
    neck = MODELS.build(dict(type='MoCoNeck', **sizes))
    neck.load_state_dict(of_neck(case.part('state/')))
    features = case['in/x'].requires_grad_()
    embedding = neck(features)
    torch.testing.assert_close(embedding, case['out/y_train'], **tolerance)
    embedding.backward(case['in/grad_output'])
    torch.testing.assert_close(features.grad, case['out/grad_x'], **tolerance)
    gradients = {name: parameter.grad for name, parameter in neck.named_parameters()}
    torch.testing.assert_close(gradients, of_neck(case.part('out/grad/')), **tolerance)
    assert not case.part('out/buffer_after/')
    torch.testing.assert_close(neck.eval()(features), case['out/y_eval_after'], **tolerance)


@pytest.mark.golden('sslight/moco_criterion')
def test_criterion(case):
    hyper = case.hyper
    assert set(hyper) == {'batch', 'negatives', 'local_crops', 'lambda_global', 'lambda_local'}
    weights = (hyper['lambda_global'], hyper['lambda_local'])[: 2 if hyper['local_crops'] else 1]
    head = MODELS.build(dict(type='MoCoHead', loss_weights=weights, queue_length=hyper['negatives']))
    logits = case['in/logits'].requires_grad_()
    loss = head.criterion(logits, 1 + hyper['local_crops'])
    loss.backward()
    torch.testing.assert_close(loss, case['out/loss'].squeeze(), rtol=1e-4, atol=1e-6)
    torch.testing.assert_close(loss.item(), case.meta['loss'], rtol=1e-4, atol=1e-6)
    torch.testing.assert_close(logits.grad, case['out/grad_logits'], rtol=1e-3, atol=1e-6)


@pytest.mark.golden('sslight/moco_train')
def test_training(case, train_and_compare, tmp_path):
    values = {
        'q': ('head.logits', lambda args, _: args[0]),
        'k': ('head.logits', lambda args, _: args[1]),
        'logits': ('head.logits', lambda _, logits: logits),
    }
    train_and_compare(case, tmp_path, values)
