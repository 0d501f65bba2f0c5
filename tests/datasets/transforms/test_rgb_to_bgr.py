import numpy as np

from sslrecipes.registry import TRANSFORMS


def test_images_in_memory_are_as_those_from_files():
    rgb = np.zeros((4, 5, 3), np.uint8)
    rgb[..., 0] = 200  # red
    results = TRANSFORMS.build(dict(type='RGBToBGR'))({'img': rgb, 'gt_label': 1})
    assert results['img'][0, 0].tolist() == [0, 0, 200]
    assert results['img'].flags.c_contiguous
    assert results['img_shape'] == results['ori_shape'] == (4, 5)
    assert rgb[0, 0].tolist() == [200, 0, 0]
