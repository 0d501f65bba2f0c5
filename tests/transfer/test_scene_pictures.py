import numpy as np
from PIL import Image

from sslrecipes.datasets.photo_scenes import prepare_photo_scenes
from sslrecipes.transfer import PhotoScenesSegmentation
from sslrecipes.transfer.scene_pictures import class_maps, object_pictures


def test_pictures_show_objects_and_classes(tmp_path):
    root = tmp_path / 'photo_scenes'
    prepare_photo_scenes(root, (1, 2))
    _, picture = object_pictures(root, 'val', count=2)
    _, map_ = class_maps(root, 'val', count=2)
    assert picture.shape == map_.shape == (256, 256, 3)
    plain = np.asarray(Image.open(root / 'val' / '0001.jpg'))
    changed = (picture != plain).any(axis=-1)
    classes = np.asarray(Image.open(root / 'semantic' / 'val' / '0001.png'))
    things = (classes >= 8) & (classes < 255)
    assert changed[things].mean() > 0.9
    assert changed.mean() < 0.5
    palette = np.array(PhotoScenesSegmentation.METAINFO['palette'])
    inside = classes < 255
    assert (map_[inside] == palette[classes[inside]]).all()
    assert (map_[~inside] == 255).all()
