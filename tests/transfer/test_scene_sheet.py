import numpy as np
from PIL import Image

from sslrecipes.datasets.photo_scenes import prepare_photo_scenes
from sslrecipes.transfer import PhotoScenesSegmentation
from sslrecipes.transfer.scene_sheet import scene_sheet


def test_pictures_with_objects_stand_above_their_maps(tmp_path):
    root = tmp_path / 'photo_scenes'
    prepare_photo_scenes(root, (1, 2))
    sheet = scene_sheet(root, 'val', count=2, tile=256)
    assert sheet.shape == (2 * 260 + 4, 2 * 260 + 4, 3)
    plain = np.asarray(Image.open(root / 'val' / '0001.jpg'))
    changed = (sheet[4:260, 264:520] != plain).any(axis=-1)
    classes = np.asarray(Image.open(root / 'semantic' / 'val' / '0001.png'))
    things = (classes >= 8) & (classes < 255)
    assert changed[things].mean() > 0.9
    assert changed.mean() < 0.5
    map_ = sheet[264:520, 264:520]
    palette = np.array(PhotoScenesSegmentation.METAINFO['palette'])
    inside = classes < 255
    assert (map_[inside] == palette[classes[inside]]).all()
    assert (map_[~inside] == 255).all()
