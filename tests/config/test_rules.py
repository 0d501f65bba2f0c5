"""Each rule once; that the classes and the check of a config ask it is tested beside those."""

import pytest

from sslrecipes.config.rules import bad_value, refuse, refuse_bad_values
from sslrecipes.config.rules.checks import whole
from sslrecipes.config.rules.evaluation import NEIGHBOURS
from sslrecipes.config.rules.queues import shorter_than_a_step, torn_batches
from sslrecipes.config.rules.sizes import MASK_RATIO, differ, not_whole, other_grid
from sslrecipes.config.rules.views import MULTI_CROP, other_weights, too_few_views
from sslrecipes.config.rules.warm_up import outlasts_training
from sslrecipes.errors import ConfigError


@pytest.mark.parametrize(
    ('rule', 'good', 'bad', 'sentence'),
    [
        (differ, ('a', 3, 'b', 3), ('a', 3, 'b', 4), 'a is 3 but b is 4: set both to the same number.'),
        (not_whole, ('w', 12, 'h', 3), ('w', 12, 'h', 5), 'w=12 must be a multiple of h=5.'),
        (not_whole, ('w', (16, 14), 'h', (8, 7)), ('w', 16, 'h', (8, 7)), 'w=16 must be a multiple of h=(8, 7).'),
        (not_whole, ('w', 0, 'h', 1), ('w', 0, 'h', 0), 'w=0 must be a multiple of h=0.'),
        (other_grid, ('n', 16, 8, 2), ('n', 15, 8, 2), 'n is 15, but 8 px in patches of 2 are 16.'),
        (other_grid, ('n', 8, (8, 4), 2), ('n', 9, (8, 8), (2, 4)), 'n is 9, but 8 px in patches of (2, 4) are 8.'),
        (too_few_views, (2,), (1,), 'The method needs 2 global views per image, the data gives 1.'),
        (other_weights, ('w', 2, 6), ('w', 1, 6), 'w has 1 numbers, but 6 local views need 2: one for'),
        (other_weights, ('w', 1, 0), ('w', 2, 0), 'w has 2 numbers, but 0 local views need 1: one for'),
        (torn_batches, ('q', 12, 4), ('q', 12, 5), 'q=12 must be a multiple of the batch size 5.'),
        (torn_batches, ('q', 0, 4, 2), ('q', 12, 4, 2), 'q=12 must be a multiple of every batch, but there are some'),
        (shorter_than_a_step, ('q', 24, 4, 3, 2), ('q', 12, 4, 3, 2), 'q=12 is less than the 2 x 4 x 3 images of an'),
        (shorter_than_a_step, ('q', 0, 4, 3, 1, True), ('q', 3, 4, 1, 1, True), 'q=3 is less than the 1 x 4 x 1 im'),
        (outlasts_training, (4, 3), (4, 4), 'warmup_epochs=4 must be less than epochs=4.'),
        (outlasts_training, (4, 4, True), (4, 5, True), 'warmup_epochs=5 must be no more than epochs=4.'),
        (bad_value, ('t', 0.1, NEIGHBOURS['temperature']), ('t', 0, NEIGHBOURS['temperature']), 't is 0, but must'),
        (bad_value, ('n', 1, whole(1)), ('n', 0, whole(1)), 'n is 0, but must be a whole number of at least 1.'),
        (bad_value, ('r', 0, MASK_RATIO), ('r', 1.0, MASK_RATIO), 'r is 1.0, but must be a number of at least 0 and'),
    ],
)  # fmt: skip
def test_a_rule_says_what_it_refuses(rule, good, bad, sentence):
    assert rule(*good) is None
    assert rule(*bad).startswith(sentence)


@pytest.mark.parametrize(
    ('option', 'good', 'bad', 'allowed'),
    [
        ('global_scale', (0.14, 1.0), [(0.3, 1.2), (0.3, 0.1), (0.0, 0.1), 0.1], 'the least and the largest share'),
        ('global_size', 1, [0, 96.0], 'a whole number of at least 1'),
        ('num_locals', 0, [-1, True], 'a whole number of at least 0'),
        ('blur', (1, 0.1, 0.5), [(1.0, 0.5), (0.0, 1.5, 0.0), 0.5], '3 probabilities, of g1, g2, locals'),
        ('jitter', (0.4, 0.4, 0.2, 0.5), [(0.4,) * 3, (0.4, 0.4, 0.2, 0.6), (-0.4, 0, 0, 0)], 'the strengths of'),
        ('flip_prob', 1, [80, -0.1], 'a number from 0 to 1'),
        ('backend', 'opencv', ['opencv2'], "'pillow' or 'opencv'"),
    ],
)  # fmt: skip
def test_options_of_views(option, good, bad, allowed):
    assert MULTI_CROP[option](good) is None
    assert all(allowed in MULTI_CROP[option](value) for value in bad)


def test_what_a_rule_says_is_raised():
    refuse(None)
    refuse_bad_values('A', {'n': 1}, {'n': whole(1)})
    with pytest.raises(ConfigError, match=r'^A\.n is 0, but must be a whole'):
        refuse_bad_values('A', {'n': 0}, {'n': whole(1)})
    with pytest.raises(ConfigError) as caught:
        refuse('No.', 'model.neck')
    assert caught.value.places == ('model.neck',)
