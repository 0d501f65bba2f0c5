from collections.abc import Mapping, Sequence
from typing import Any, Literal

import pytest
from mmpretrain.models import VisionTransformer
from torch import nn

from sslrecipes.commands.argument_kinds import Kind, kinds_of
from sslrecipes.commands.config_check import check_components
from sslrecipes.errors import ConfigError
from sslrecipes.models.necks import MAEDecoder


@pytest.mark.parametrize(
    ('annotation', 'good', 'bad', 'allowed'),
    [
        (int, [0, -3], [1.0, True, '1', None, [1]], 'a whole number'),
        (float, [0, 1.5, float('inf')], [False, '1', None], 'a number'),
        (bool, [True], [0, 'no', None], 'True or False'),
        (str | None, ['', None], [1, ['a']], 'text or None'),
        (Sequence[int], [[], (1, 2)], [3, '3', [1.5], ['a'], {}], 'a list, each item a whole number'),
        (list[Any], [[], (None,)], [3, 'text'], 'a list'),
        (tuple[int, float], [(1, 2), [1, 0.5]], [(1,), 1, (1, 'a')], '2 values, each a whole number or a number'),
        (int | tuple[int, int], [3, (3, 4)], [1.5, (3,)], 'a whole number or 2 values, each a whole number'),
        (Mapping[str, float] | None, [{}, None, {'a': 1}], [3, {'a': 'b'}, []], 'a dict or None'),
        (Literal['a', 'b'], ['a'], ['c', None, ['a']], "'a' or 'b'"),
        (nn.Module, [3, None, {'type': 'ReLU'}], [], ''),
        (nn.Module | dict[str, Any], [3, None, {'type': 'ReLU'}], [], ''),
        (Any, [3, None, []], [], ''),
    ],
    ids=str,
)
def test_values_of_another_kind_are_told_in_words(annotation, good, bad, allowed):
    assert [Kind(annotation).misfit(value) for value in good] == [None] * len(good)
    assert [Kind(annotation).misfit(value) for value in bad] == [allowed] * len(bad)


def test_annotations_of_other_packages_are_not_taken_by_the_word():
    assert [Kind(int, exact=False).misfit(value) for value in (1, 1.5, None, (1, 2))] == [None] * 4
    assert Kind(int, exact=False).misfit('3') == 'a whole number'
    assert [Kind(dict, exact=False).misfit(value) for value in ({}, [{}], None)] == [None] * 3
    assert Kind(dict | None, exact=False).misfit(3) == 'a dict or None'


def test_arguments_are_of_the_class_that_declares_them():
    kinds = kinds_of(MAEDecoder)
    assert not kinds['embed_dim'].exact
    assert 'out_type' not in kinds_of(VisionTransformer)  # which has no annotations
    assert kinds_of(len) == {}


@pytest.mark.parametrize(
    ('override', 'sentence'),
    [
        ({'model.backbone.mask_ratio': 'a'}, 'model.backbone.mask_ratio is '),
        ({'model.neck.decoder_depth': 'deep'}, "model.neck.decoder_depth is 'deep', but must be a whole number."),
        ({'train_dataloader.dataset.split': 3}, 'train_dataloader.dataset.split is 3, but must be text.'),
    ],
    ids=str,
)
def test_a_config_with_a_value_of_another_kind_is_refused(mae_on_digits, override, sentence):
    mae_on_digits.merge_from_dict(override)
    with pytest.raises(ConfigError) as caught:
        check_components(mae_on_digits)
    assert str(caught.value).startswith(sentence)
    assert caught.value.places == tuple(override)
