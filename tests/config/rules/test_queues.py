"""Positives among a queue's negatives."""

import random

import pytest

from sslrecipes.config.rules.queues import many_stale_positives, stale_positives


def simulated(length, images, epochs=200):
    """Share of the queries whose image is among the last ``length`` keys; the first epochs fill the queue."""
    generator, last_seen, clock, stale, queries = random.Random(0), {}, 0, 0, 0
    for epoch in range(epochs):
        for image in generator.sample(range(images), images):
            if epoch > 3:
                queries += 1
                stale += clock - last_seen[image] <= length
            last_seen[image] = clock
            clock += 1
    return stale / queries


@pytest.mark.parametrize('length', [40, 164, 240, 300, 480, 600])
def test_share_equals_that_of_shuffled_epochs(length):
    assert stale_positives(length, 240) == pytest.approx(simulated(length, 240), abs=0.01)


def test_share_of_cub():
    assert stale_positives(4096, 5994) == pytest.approx(0.24, abs=0.01)


def test_what_is_said():
    assert many_stale_positives('queue', 65536, 1_281_167, 256) is None
    assert many_stale_positives('queue', 0, 100, 10) is None
    said = many_stale_positives('queue', 4096, 5994, 128)
    assert said.startswith('queue=4096 keys are 68% of the 5994 training images: 23% of the queries')
    assert said.endswith('queue=1408 would leave 3%; a method without a queue, none.')
    assert '100% of the queries' in many_stale_positives('queue', 500, 100, 10)


@pytest.mark.parametrize(
    ('length', 'batch', 'least', 'advised'),
    [(500, 50, None, 100), (500, 50, 250, 250), (500, 200, None, 200), (200, 200, None, None), (250, 50, 250, None)],
)
def test_what_is_advised_can_be_set(length, batch, least, advised):
    said = many_stale_positives('queue', length, 500, batch, least)
    assert (f'queue={advised} would leave' in said) == (advised is not None)
    assert ('hardly be shorter' in said) == (advised is None)


def test_a_queue_of_both_views_holds_half_as_many_images():
    """Which are as many stale keys as a queue of half the length has that gets one key of each image."""
    said = many_stale_positives('queue', 4096, 5994, 256, keys_per_image=2)
    assert said.startswith('queue=4096 keys, 2 of each image, are 34% of the 5994 training images: 6% of the queries')
    assert said.endswith('queue=2816 would leave 3%; a method without a queue, none.')
    assert many_stale_positives('queue', 3584, 5994, 256, keys_per_image=2) is None
