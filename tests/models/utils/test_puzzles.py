import numpy as np
import pytest

from sslrecipes.models.utils.puzzles import MAX_PUZZLES, puzzles


@pytest.mark.parametrize(('count', 'distance'), [(1, 9), (64, 7), (504, 7), (1000, 6), (MAX_PUZZLES, 6)])
def test_permutations_differ_in_many_places(count, distance):
    chosen = np.array(puzzles(count))
    assert chosen.shape == (count, 9)
    assert (np.sort(chosen, axis=1) == np.arange(9)).all()
    places = [(chosen[:one] != chosen[one]).sum(axis=1).min() for one in range(1, count)]
    assert min(places, default=9) == distance
    assert len(set(map(tuple, chosen))) == count


def test_fewer_are_the_first_of_more():
    assert puzzles(100) == puzzles(MAX_PUZZLES)[:100]
    assert puzzles(1) == [tuple(range(9))]


@pytest.mark.parametrize(('count', 'unevenness'), [(64, 5), (504, 0), (1000, 8), (MAX_PUZZLES, 0)])
def test_pieces_come_to_all_places_about_equally_often(count, unevenness):
    chosen = np.array(puzzles(count))
    counts = np.array([np.bincount(place, minlength=9) for place in chosen.T])
    assert abs(counts - count / 9).max() <= unevenness
