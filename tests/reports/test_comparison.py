import pytest

from sslrecipes.reports.comparison import Hits


def hits(right, images, start=0):
    return Hits(((1 << right) - 1) << start, images)


def test_one_image_of_eighty_is_no_difference():
    trained, untrained = hits(75, 80), hits(74, 80)
    assert (trained.accuracy, untrained.accuracy) == (93.75, 92.5)
    assert trained.less(untrained).value == 1.25
    assert not trained.less(untrained).is_clear


@pytest.mark.parametrize(('right', 'images', 'clear'), [(84, 100, True), (81, 100, False), (824, 1000, True)])
def test_a_difference_on_the_same_images_counts_beyond_two_standard_errors(right, images, clear):
    assert hits(right, images).less(hits(images * 4 // 5, images)).is_clear is clear


def test_images_on_which_both_are_right_or_wrong_tell_nothing():
    apart = hits(50, 100).less(hits(50, 100, start=45))
    assert apart.value == 0
    assert apart.error == pytest.approx(100 * 90**0.5 / 100)
    assert hits(50, 100).less(hits(50, 100)).error == 1.0


def test_no_accuracy_is_certain():
    assert hits(0, 10).error == pytest.approx(hits(10, 10).error)
    assert hits(0, 10).error > 5
    assert hits(500, 1000).error == pytest.approx(1.58, abs=0.01)
