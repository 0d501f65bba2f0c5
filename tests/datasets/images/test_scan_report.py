from pathlib import Path

import pytest

from sslrecipes.datasets.images.scan import ImageFacts, Listing
from sslrecipes.datasets.images.scan_report import ScanReport


def report_of(files, classes=None, **options):
    """A report of {path: facts}."""
    listing = Listing(Path('data'), list(files), classes or {'': {'': len(files)}})
    report = ScanReport(listing, **options)
    report.add(files.values())
    return report


def good(digest=0, width=64, height=48, traits=(), seconds=0.01):
    return ImageFacts('', bytes(15) + bytes([digest]), width, height, traits, seconds)


def test_a_clean_folder_has_no_problems():
    report = report_of({f'{n}.jpg': good(n) for n in range(4)})
    assert not report.has_problems
    assert list(report.problem_files()) == []
    assert [count for _, count, _ in report.problems()] == [0] * 5
    assert report.decode_rate == pytest.approx(100)


def test_bad_tiny_and_double_images_are_listed_with_reasons():
    files = {
        'a.jpg': good(1),
        'b.jpg': ImageFacts('empty file'),
        'c.jpg': ImageFacts('too large: 9 x 9 pixels, more than 80'),
        'd.jpg': good(1),
        'e.jpg': good(2, width=8),
        'f.jpg': good(1),
        'g.jpg': ImageFacts('empty file'),
    }
    report = report_of(files, min_side=9)
    assert report.copies == {'d.jpg': 'a.jpg', 'f.jpg': 'a.jpg'}  # empty files aren't copies of each other
    assert dict(report.problem_files()) == {
        'data/b.jpg': 'empty file',
        'data/c.jpg': 'too large: 9 x 9 pixels, more than 80',
        'data/d.jpg': 'copy of a.jpg',
        'data/e.jpg': 'tiny: 8 x 48 pixels',
        'data/f.jpg': 'copy of a.jpg',
        'data/g.jpg': 'empty file',
    }
    counts = {kind: count for kind, count, _ in report.problems()}
    assert counts['bad, empty file'] == 2
    assert counts['bad, too large'] == 1
    assert report.has_problems


def test_copies_in_another_split_or_class_are_told_apart():
    files = {'train/cat/1.jpg': good(1), 'train/cat/2.jpg': good(1), 'val/cat/1.jpg': good(1)}
    report = report_of(files, {'train': {'cat': 2}, 'val': {'cat': 1}})
    assert report.moved_copies == {'val/cat/1.jpg': 'train/cat/1.jpg'}


def test_empty_and_unequal_classes_are_named():
    classes = {'train': {'cat': 30, 'dog': 3, 'emu': 0}, 'val': {'cat': 2}}
    report = report_of({'train/cat/1.jpg': good()}, classes)
    assert report.empty_classes == ['train/emu', 'val/dog', 'val/emu']
    assert report.has_problems
    assert list(report.class_sizes()) == [
        ('train', 33, 3, '0 (emu) to 30 (cat): very unequal'),
        ('val', 2, 1, '2 (cat) to 2 (cat)'),
    ]


def test_images_outside_class_folders_and_splits_are_told():
    assert list(report_of({'1.jpg': good()}, {'': {'sub': 12, '': 49}}).class_sizes()) == [
        ('', 61, 1, '12 (sub) to 12 (sub), 49 at the top level')
    ]
    report = report_of({'1.jpg': good()}, {'train': {'': 5}, 'val': {'': 2}, '': {'': 3}})
    assert list(report.class_sizes())[2] == ('', 3, 0, 'in no split')


def test_images_without_classes_are_nothing_unusual():
    report = report_of({'1.jpg': good()}, {'train': {'': 5}, 'val': {'': 2}})
    assert report.empty_classes == []
    assert list(report.class_sizes()) == [('train', 5, 0, ''), ('val', 2, 0, '')]


def test_sizes_leave_bad_images_out():
    report = report_of({'a.jpg': good(1, 10, 40), 'b.jpg': ImageFacts('empty file'), 'c.jpg': good(2, 30, 20)})
    assert report.side_quantiles() == {'shorter side': [10, 10, 15, 20, 20], 'longer side': [30, 30, 35, 40, 40]}
    assert report_of({'b.jpg': ImageFacts('empty file')}).side_quantiles() == {}


def test_traits_are_counted_with_an_example():
    report = report_of(
        {'a.jpg': good(1), 'b.jpg': good(2, traits=('grey',)), 'c.jpg': good(3, traits=('grey', 'CMYK'))}
    )
    assert report.traits == {'grey': 2, 'CMYK': 1}
    assert report.examples == {'grey': 'b.jpg', 'CMYK': 'c.jpg'}
    assert not report.has_problems
