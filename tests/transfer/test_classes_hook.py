import pytest
from torch import nn

from sslrecipes.engine.runner import SSLRunner
from sslrecipes.errors import ConfigError
from sslrecipes.transfer.classes_hook import check_classes


def model(**heads):
    parts = nn.ModuleDict({name: nn.Identity() for name in heads})
    for name, classes in heads.items():
        parts[name].num_classes = classes
    return parts


def test_heads_must_have_the_classes_of_the_data():
    check_classes(model(bbox_head=2, mask_head=2, rpn_head=1), {'classes': ('a', 'b')})
    with pytest.raises(ConfigError, match=r'model\.mask_head\.num_classes is 3, but the data has 2 classes \(a, b'):
        check_classes(model(bbox_head=2, mask_head=3), {'classes': ('a', 'b')})


def test_things_count_where_there_is_stuff_too():
    check_classes(model(bbox_head=1), {'classes': ('a', 'b'), 'thing_classes': ('a',)})


def test_runs_are_refused(mask_rcnn):
    mask_rcnn.model.roi_head.bbox_head.num_classes = 80
    with pytest.raises(ConfigError, match='is 80, but the data has 2 classes'):
        SSLRunner.from_cfg(mask_rcnn).train()
