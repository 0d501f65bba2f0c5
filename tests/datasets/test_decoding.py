import io
import struct

import cv2
import numpy as np
import pytest
from PIL import Image

from sslrecipes.datasets import decoding
from sslrecipes.datasets.decoding import BadImageError, decode_image
from sslrecipes.datasets.image_headers import image_size, image_traits, is_cut_jpeg

SIZE = (60, 40)
RNG = np.random.default_rng(0)
PICTURE = Image.fromarray(cv2.resize(RNG.integers(0, 256, (8, 12, 3), dtype=np.uint8), SIZE))
DEEP = np.asarray(PICTURE).astype(np.uint16) * 257


def saved(picture, kind, **options):
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def coded(array, suffix):
    return cv2.imencode(suffix, array)[1].tobytes()


def with_thumbnail(jpeg):
    content = b'Exif\0\0' + b'II*\0\x08' + bytes(9) + saved(PICTURE.resize((16, 12)), 'JPEG')
    return jpeg[:2] + b'\xff\xe1' + struct.pack('>H', len(content) + 2) + content + jpeg[2:]


JPEG = saved(PICTURE, 'JPEG')
ANIMATED = dict(save_all=True, append_images=[PICTURE.rotate(90)])
GOOD = {
    'plain.jpg': JPEG,
    'progressive.jpg': saved(PICTURE, 'JPEG', progressive=True),
    'restart.jpg': saved(PICTURE, 'JPEG', restart_marker_rows=1),
    'cmyk.jpg': saved(PICTURE.convert('CMYK'), 'JPEG'),
    'grey.jpg': saved(PICTURE.convert('L'), 'JPEG'),
    'thumbnail.jpg': with_thumbnail(JPEG),
    'trailing.jpg': JPEG + bytes(500) + b'notes of a camera',
    'fill.jpg': JPEG[:2] + b'\xff\xff' + JPEG[2:],
    'two.jpg': saved(PICTURE, 'MPO', **ANIMATED),
    'plain.png': saved(PICTURE, 'PNG'),
    'rgba.png': saved(PICTURE.convert('RGBA'), 'PNG'),
    'palette.png': saved(PICTURE.convert('P'), 'PNG'),
    'bilevel.png': saved(PICTURE.convert('1'), 'PNG'),
    'deep.png': coded(DEEP, '.png'),
    'deep_grey.png': coded(DEEP[..., 0], '.png'),
    'animated.png': saved(PICTURE, 'PNG', **ANIMATED),
    'lossy.webp': saved(PICTURE, 'WEBP'),
    'lossless.webp': saved(PICTURE, 'WEBP', lossless=True),
    'animated.webp': saved(PICTURE, 'WEBP', duration=100, **ANIMATED),
    'plain.bmp': saved(PICTURE, 'BMP'),
    'plain.tif': saved(PICTURE, 'TIFF'),
    'deep.tif': coded(DEEP, '.tif'),
    'plain.ppm': saved(PICTURE, 'PPM'),
}


@pytest.mark.parametrize('name', GOOD)
def test_every_kind_of_whole_picture_is_decoded(name):
    assert image_size(GOOD[name]) == SIZE
    assert decode_image(GOOD[name]).shape == (40, 60, 3)


@pytest.mark.parametrize('name', GOOD)
@pytest.mark.parametrize('share', [0.02, 0.5, 0.97])
def test_every_kind_of_cut_picture_is_bad(name, share):
    whole = {**GOOD, 'trailing.jpg': JPEG}[name]
    if name in ('two.jpg', 'animated.png'):
        share *= 0.5  # what comes later is the second picture
    with pytest.raises(BadImageError):
        decode_image(whole[: int(share * len(whole))])


@pytest.mark.parametrize(
    'name', [name for name in GOOD if name.endswith('.jpg') and name not in ('two.jpg', 'trailing.jpg')]
)
def test_a_cut_jpeg_is_found_without_the_decoder(name):
    data = GOOD[name]
    assert not is_cut_jpeg(data)
    assert all(is_cut_jpeg(data[:length]) for length in (2, 20, 300, len(data) // 2, len(data) - 1))


def test_other_backends_say_the_same():
    assert decode_image(JPEG, backend='pillow').shape == (40, 60, 3)
    with pytest.raises(BadImageError, match='damaged'):
        decode_image(GOOD['plain.png'][:-100], backend='pillow')


@pytest.mark.parametrize(
    ('data', 'reason'),
    [
        (b'', 'empty file'),
        (b'hello, this is text', r"no picture: it begins with b'hello, t'"),
        (JPEG[:-60], 'cut off'),
        (JPEG[: len(JPEG) // 2] + bytes(len(JPEG) // 2), 'cut off'),  # a hole at the end, as after a crash
        (GOOD['plain.png'][:-60], 'damaged: '),
        (GOOD['plain.png'][:50] + b'\xff' + GOOD['plain.png'][51:], 'damaged'),
    ],
)
def test_the_reason_is_named(data, reason):
    with pytest.raises(BadImageError, match=reason):
        decode_image(data)


def bombs():
    """Headers of 40,000 x 30,000 pixels on small files."""
    at = JPEG.index(b'\xff\xc0')
    jpeg = JPEG[: at + 5] + struct.pack('>HH', 30_000, 40_000) + JPEG[at + 9 :]
    png = GOOD['plain.png'][:16] + struct.pack('>II', 40_000, 30_000) + GOOD['plain.png'][24:]
    bmp = GOOD['plain.bmp'][:18] + struct.pack('<II', 40_000, 30_000) + GOOD['plain.bmp'][26:]
    return {'jpg': jpeg, 'png': png, 'bmp': bmp}


@pytest.mark.parametrize('kind', bombs())
def test_a_bomb_is_found_before_it_is_decoded(kind, monkeypatch):
    monkeypatch.setattr(decoding.mmcv, 'imfrombytes', None)
    with pytest.raises(BadImageError, match='too large: 40000 x 30000 pixels, more than 178956970'):
        decode_image(bombs()[kind])


def test_the_limit_of_pixels_is_the_largest_size_allowed():
    assert decode_image(JPEG, max_pixels=2400).shape == (40, 60, 3)
    for name in ('plain.jpg', 'plain.png', 'lossy.webp', 'lossless.webp', 'animated.webp', 'plain.tif'):
        with pytest.raises(BadImageError, match='too large'):
            decode_image(GOOD[name], max_pixels=2399)


def test_pillow_keeps_its_own_limit():
    limit = Image.MAX_IMAGE_PIXELS
    image_size(GOOD['plain.bmp'])
    image_size(b'no picture')
    assert limit == Image.MAX_IMAGE_PIXELS


@pytest.mark.parametrize(
    ('name', 'traits'),
    [
        ('plain.jpg', ()),
        ('two.jpg', ()),
        ('cmyk.jpg', ('CMYK',)),
        ('grey.jpg', ('grey',)),
        ('palette.png', ('palette',)),
        ('rgba.png', ('transparency',)),
        ('deep.png', ('16 bits',)),
        ('deep_grey.png', ('grey', '16 bits')),
        ('deep.tif', ('16 bits',)),
        ('plain.ppm', ()),
    ],
)
def test_traits(name, traits):
    suffix = f'.{name.partition(".")[2]}'
    assert image_traits(GOOD[name], suffix.upper()) == traits
    assert image_traits(GOOD[name], '.webp') == (*traits, 'other format than its name says')


def test_what_pillow_does_not_know_has_no_traits():
    assert image_traits(b'no picture', '.jpg') == ()


def test_damage_anywhere_raises_nothing_else():
    rng = np.random.default_rng(1)
    for name, whole in GOOD.items():
        for _ in range(20):
            data = np.frombuffer(whole, np.uint8).copy()
            data[rng.integers(0, min(len(data), 400), 6)] = rng.integers(0, 256, 6)
            try:
                picture = decode_image(data.tobytes(), max_pixels=10**6)
            except BadImageError:
                continue
            assert picture.ndim == 3, name
