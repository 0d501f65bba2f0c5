import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sslrecipes.datasets.subsets import (
    choose,
    choose_classes,
    choose_of_all,
    class_folders,
    equal_counts,
    fraction_counts,
    images_by_class,
    share_of_class,
)
from sslrecipes.errors import DataError


def folder_of(sizes):
    return {f'n{label:04}': [f'{index}.png' for index in range(size)] for label, size in enumerate(sizes)}


SIZES = st.lists(st.integers(1, 60), min_size=1, max_size=12)
FRACTIONS = st.integers(1, 1000).map(lambda thousandths: thousandths / 1000)


def test_sizes_of_imagenet_give_the_counts_of_the_published_lists():
    # 1,281,167 images: 895 classes of 1300 and 105 smaller ones, the smallest of 732
    images = folder_of([1300] * 895 + [732] + [1124] * 103 + [1163])
    for fraction, total, counts in ((0.01, 12811, {12, 13}), (0.1, 128116, {128, 129})):
        found = fraction_counts(images, fraction)
        assert (sum(found.values()), set(found.values())) == (total, counts)


@settings(deadline=None, max_examples=50)
@given(SIZES, FRACTIONS)
def test_classes_are_represented_equally(sizes, fraction):
    images = folder_of(sizes)
    counts = fraction_counts(images, fraction)
    thousandths = round(fraction * 1000)
    assert sum(counts.values()) == max(thousandths * sum(sizes) // 1000, len(sizes))
    assert all(1 <= counts[name] <= len(files) for name, files in images.items())
    not_exhausted = [counts[name] for name, files in images.items() if counts[name] < len(files)]
    assert max(counts.values()) - min(not_exhausted, default=max(counts.values())) <= 1


@settings(deadline=None, max_examples=50)
@given(SIZES, st.randoms(), st.integers(0, 5))
def test_choice_depends_on_names_and_seed_only(sizes, random, seed):
    images = folder_of(sizes)
    counts = fraction_counts(images, 0.3)
    chosen = choose(images, counts, seed)
    assert {name: len(files) for name, files in chosen.items()} == counts
    assert all(set(files) <= set(images[name]) and len(set(files)) == len(files) for name, files in chosen.items())
    shuffled = {name: random.sample(files, len(files)) for name, files in random.sample([*images.items()], len(images))}
    assert choose(shuffled, counts, seed) == chosen


@settings(deadline=None, max_examples=50)
@given(SIZES, FRACTIONS, FRACTIONS)
def test_smaller_parts_are_contained_in_larger_ones(sizes, one, other):
    images = folder_of(sizes)
    small, large = (choose(images, fraction_counts(images, fraction)) for fraction in sorted((one, other)))
    assert all(set(small[name]) <= set(large[name]) for name in images)


def test_another_seed_chooses_others():
    images = folder_of([50] * 4)
    counts = equal_counts(images, 10)
    assert choose(images, counts, 0) != choose(images, counts, 1)


def test_same_file_names_in_two_classes_are_chosen_independently():
    chosen = choose(folder_of([50, 50]), {'n0000': 10, 'n0001': 10})
    assert chosen['n0000'] != chosen['n0001']


@settings(deadline=None, max_examples=30)
@given(SIZES, st.randoms(), st.integers(0, 5))
def test_images_of_all_classes_together(sizes, random, seed):
    images, total = folder_of(sizes), random.randint(1, sum(sizes))
    chosen = choose_of_all(images, total, seed)
    assert sum(map(len, chosen.values())) == total
    assert all(set(files) <= set(images[name]) and len(set(files)) == len(files) for name, files in chosen.items())
    shuffled = {name: random.sample(files, len(files)) for name, files in random.sample([*images.items()], len(images))}
    assert choose_of_all(shuffled, total, seed) == chosen
    smaller = choose_of_all(images, random.randint(1, total), seed)
    assert all(set(smaller[name]) <= set(chosen[name]) for name in images)


def test_images_of_all_classes_are_drawn_uniformly():
    """A class of three quarters of the images has three quarters of the subset, within four standard deviations."""
    chosen = choose_of_all(folder_of([1000, 3000]), 400)
    assert len(chosen['n0001']) == pytest.approx(300, abs=4 * (400 * 0.75 * 0.25) ** 0.5)


def test_classes_are_drawn_by_name_and_seed_of_those_that_are_large_enough():
    images = folder_of([50, 9] * 10)
    drawn = choose_classes(images, 5, per_class=10)
    assert len(drawn) == 5
    assert all(len(files) == 50 for files in drawn.values())
    assert list(drawn) == sorted(drawn) == list(choose_classes(dict(reversed(images.items())), 5, 10))[::-1]
    assert set(drawn) <= set(choose_classes(images, 8, 10))
    assert drawn.keys() != choose_classes(images, 5, 10, seed=1).keys()


def test_mistakes_in_numbers():
    images = folder_of([50, 9])
    with pytest.raises(DataError, match='2 classes of at least 10 images each are asked for, but there are 1 among 2'):
        choose_classes(images, 2, 10)
    with pytest.raises(DataError, match='at least 1 class, not 0'):
        choose_classes(images, 0)
    for total in (0, 60):
        with pytest.raises(DataError, match=f'between 1 and all 59 images, not {total}'):
            choose_of_all(images, total)
    assert share_of_class(10000, 10) == 1000
    for total, classes in ((10, 3), (0, 3), (10, 0), (3, -1)):
        with pytest.raises(DataError, match="can't be shared equally by"):
            share_of_class(total, classes)


def test_images_of_a_folder(tmp_path, write_images):
    write_images(tmp_path, 'b/2.png', 'b/10.JPEG', 'b/deep/1.png', 'a/x.png', '.cache/y.png', 'a/.hidden.png')
    (tmp_path / 'b/readme.txt').touch()
    assert images_by_class(tmp_path) == {'a': ['x.png'], 'b': ['10.JPEG', '2.png', 'deep/1.png']}


def test_user_mistakes(tmp_path, write_images):
    with pytest.raises(DataError, match='does not exist'):
        class_folders(tmp_path / 'absent')
    with pytest.raises(DataError, match='no class folders'):
        class_folders(tmp_path)
    write_images(tmp_path, 'train/n01/a.png', 'train/n03/a.png', 'val/n01/a.png')
    with pytest.raises(DataError, match='splits train and val'):
        class_folders(tmp_path)
    (tmp_path / 'train/n02').mkdir()
    with pytest.raises(DataError, match='The class "n02" has no image'):
        images_by_class(tmp_path / 'train')
    images = folder_of([3, 2])
    with pytest.raises(DataError, match='class "n0001" has 2 images, which is less than 3'):
        equal_counts(images, 3)
    with pytest.raises(DataError, match='at least 1 image'):
        equal_counts(images, 0)
    for fraction in (0, -0.1, 1.01):
        with pytest.raises(DataError, match='above 0 and at most 1'):
            fraction_counts(images, fraction)


def test_a_file_is_no_image_folder(tmp_path):
    (tmp_path / 'file').touch()
    with pytest.raises(DataError, match=r'file" is no folder: it must hold'):
        images_by_class(tmp_path / 'file')
