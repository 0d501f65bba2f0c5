"""MoCo of SSLight against the official code."""

import pytest
import torch

from sslrecipes.registry import MODELS


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
