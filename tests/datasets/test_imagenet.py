"""ImageNet in part, for trainings without labels."""

import pytest

from sslrecipes.datasets import ImageNet


def test_a_part_of_the_classes_is_named_by_its_folders(tmp_path, write_images):
    write_images(tmp_path, 'train/n02/a.png', 'train/n01/b.png', 'train/n01/c.png')
    part = ImageNet(data_root=str(tmp_path), split='train')
    assert len(part) == 3
    assert part.metainfo['classes'] == ('n01', 'n02')
    assert part.get_gt_labels().tolist() == [0, 0, 1]
    assert len(ImageNet.METAINFO['classes']) == 1000


def test_classes_that_were_asked_for_must_be_there(tmp_path, write_images):
    write_images(tmp_path, 'train/n01/a.png')
    with pytest.raises(AssertionError, match='number of subfolders'):
        ImageNet(data_root=str(tmp_path), split='train', metainfo=dict(classes=('cat', 'dog')))
