"""A wrong number of classes is told before anything is trained."""

import pytest
from torch import nn

from sslrecipes.engine.class_count import check_class_count
from sslrecipes.engine.runner import SSLRunner
from sslrecipes.errors import ConfigError
from sslrecipes.models.methods.linear_probe import LinearProbe


class Data:
    def __init__(self, *classes, **metainfo):
        self.metainfo = {**metainfo, **({'classes': classes} if classes else {})}


def probe(num_classes):
    return LinearProbe(nn.Identity(), num_classes, in_channels=4)


def test_equal_numbers_and_unknown_classes_pass():
    check_class_count(probe(3), Data('cat', 'dog', 'eel'), 'train_dataloader')
    check_class_count(probe(3), Data(), 'train_dataloader')
    check_class_count(nn.Linear(2, 2), Data('cat'), 'train_dataloader')


@pytest.mark.parametrize('found', [2, 4])
def test_other_numbers_are_named(found):
    with pytest.raises(ConfigError, match=f'num_classes is {found}, but the data of val_dataloader has 3 classes'):
        check_class_count(probe(found), Data('cat', 'dog', 'eel'), 'val_dataloader')


def detector(**heads):
    parts = nn.ModuleDict({name: nn.Identity() for name in heads})
    for name, classes in heads.items():
        parts[name].num_classes = classes
    return parts


def test_heads_of_detectors_are_looked_at_but_those_without_classes():
    check_class_count(detector(bbox_head=2, mask_head=2, rpn_head=1), Data('a', 'b'), 'train_dataloader')
    with pytest.raises(
        ConfigError, match=r'model\.mask_head\.num_classes is 3, but the data of train_dataloader has 2'
    ):
        check_class_count(detector(bbox_head=2, mask_head=3), Data('a', 'b'), 'train_dataloader')


def test_things_count_where_there_is_stuff_too():
    check_class_count(detector(bbox_head=1), Data('a', 'b', thing_classes=('a',)), 'train_dataloader')


def test_head_of_a_classifier_is_looked_at(mae_on_digits):
    runner = SSLRunner.from_cfg(mae_on_digits)
    runner.model.head.num_classes = 11
    with pytest.raises(ConfigError, match=r'model\.head\.num_classes is 11, but the data of train_dataloader has 10'):
        runner.train()
