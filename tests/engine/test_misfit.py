"""Parts that don't fit each other are named with their place, whatever their kind."""

import pytest
import torch
from torch import nn
from torch.nn import functional

from sslrecipes.engine.misfit import fitting
from sslrecipes.engine.runner import SSLRunner
from sslrecipes.errors import ConfigError, DataError


class Loss(nn.Module):
    def forward(self, labels):
        return functional.cross_entropy(torch.zeros(2, 3), labels)


@pytest.mark.parametrize(
    ('part', 'given', 'words'),
    [
        (nn.Linear(4, 2), torch.zeros(2, 3), r'model\.head \(Linear\) .*given input \(2, 3\): mat1 and mat2 shapes'),
        (nn.Conv2d(3, 2, 1), torch.zeros(2, 1, 4, 4), r'\(Conv2d\) .*expected input.* to have 3 channels'),
        (nn.BatchNorm2d(3), torch.zeros(2, 1, 4, 4), r'\(BatchNorm2d\) .*running_mean'),
        (
            nn.BatchNorm2d(3),
            torch.zeros(1, 3, 1, 1),
            r'\(BatchNorm2d\) .*input \(1, 3, 1, 1\): .*larger images or more',
        ),
        (nn.LayerNorm(3), torch.zeros(2, 4), r'\(LayerNorm\) .*normalized_shape'),
        (Loss(), torch.tensor([0, 3]), r'\(Loss\) .*given labels \(2,\): Target 3 is out of bounds'),
    ],
)
def test_the_part_and_its_input_are_told(part, given, words):
    model = nn.ModuleDict({'head': part})
    with pytest.raises(ConfigError, match=words), fitting(model):
        part(given)


@pytest.mark.parametrize('error', [RuntimeError('out of memory'), ValueError('size mismatch'), DataError('must match')])
def test_other_errors_stay_what_they_are(error):
    with pytest.raises(type(error), match=str(error)), fitting(nn.Identity()):
        raise error


def test_training_ends_in_a_sentence_and_the_log_has_the_traceback(mae_on_digits, tmp_path):
    mae_on_digits.model.neck.embed_dim = 12
    with pytest.raises(ConfigError, match=r'model\.neck\.decoder_embed \(Linear\) does not fit its input'):
        SSLRunner.from_cfg(mae_on_digits).train()
    assert 'Traceback' in next(tmp_path.rglob('*.log')).read_text()
