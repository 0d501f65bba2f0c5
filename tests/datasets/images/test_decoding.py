import io
import struct

import cv2
import mmcv
import numpy as np
import pytest
from mmcv.transforms import LoadImageFromFile
from PIL import Image

from sslrecipes.datasets.images import decoding
from sslrecipes.datasets.images.decoding import BadImageError, decode_image
from sslrecipes.datasets.images.headers import image_traits, is_cut_jpeg, size_in_header
from sslrecipes.datasets.transforms import LoadImageOrSkip

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
    assert size_in_header(GOOD[name]) == SIZE
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
    monkeypatch.setattr(decoding, 'decode_by_mmcv', None)
    with pytest.raises(BadImageError, match='too large: 40000 x 30000 pixels, more than 178956970'):
        decode_image(bombs()[kind])


def test_the_limit_of_pixels_is_the_largest_size_allowed():
    assert decode_image(JPEG, max_pixels=2400).shape == (40, 60, 3)
    for name in ('plain.jpg', 'plain.png', 'lossy.webp', 'lossless.webp', 'animated.webp', 'plain.tif'):
        with pytest.raises(BadImageError, match='too large'):
            decode_image(GOOD[name], max_pixels=2399)


def test_pillow_keeps_its_own_limit():
    limit = Image.MAX_IMAGE_PIXELS
    size_in_header(GOOD['plain.bmp'])
    size_in_header(b'no picture')
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


def upright(kind, orientation, **options):
    exif = Image.Exif()
    exif[0x0112] = orientation
    return saved(PICTURE, kind, exif=exif, **options)


LOSSLESS = {'WEBP': dict(lossless=True, exact=True)}


@pytest.mark.parametrize('backend', ['cv2', 'pillow'])
@pytest.mark.parametrize('kind', ['JPEG', 'PNG', 'WEBP', 'TIFF', 'AVIF'])
def test_pictures_are_upright_in_every_format(kind, backend):
    options = LOSSLESS.get(kind, {})
    plain = decode_image(saved(PICTURE, kind, **options), backend=backend).astype(int)
    for orientation, turned in ((1, plain), (3, plain[::-1, ::-1]), (6, np.rot90(plain, -1)), (8, np.rot90(plain))):
        data = upright(kind, orientation, **options)
        assert np.abs(decode_image(data, backend=backend) - turned).max() <= (0 if kind != 'AVIF' else 8)
        assert decode_image(data, flag='grayscale', backend=backend).shape == turned.shape[:2]
        as_stored = decode_image(data, flag='color_ignore_orientation', backend=backend)
        assert kind in ('TIFF', 'AVIF') or as_stored.shape == plain.shape


@pytest.mark.parametrize('backend', ['cv2', 'pillow'])
@pytest.mark.parametrize('kind', ['PNG', 'WEBP', 'TIFF', 'BMP'])
def test_transparency_is_dropped_in_every_format(kind, backend):
    alpha = np.linspace(0, 255, 2400).astype(np.uint8).reshape(40, 60)
    veiled = Image.fromarray(np.dstack([np.asarray(PICTURE), alpha]))
    found = decode_image(saved(veiled, kind, **LOSSLESS.get(kind, {})), backend=backend)
    assert np.array_equal(found, np.asarray(PICTURE)[..., ::-1])


@pytest.mark.parametrize('backend', ['cv2', 'pillow'])
@pytest.mark.parametrize('kind', ['PNG', 'GIF', 'TIFF'])
def test_so_are_transparent_greys_and_palettes(kind, backend):
    few = PICTURE.quantize(16)
    options = {} if kind == 'TIFF' else dict(transparency=few.getpixel((0, 0)))
    assert np.array_equal(
        decode_image(saved(few, kind, **options), backend=backend), np.asarray(few.convert('RGB'))[..., ::-1]
    )
    if kind != 'GIF':
        grey = PICTURE.convert('L')
        veiled = Image.merge('LA', (grey, Image.new('L', SIZE, 7)))
        found = decode_image(saved(veiled, kind), backend=backend)
        assert np.array_equal(found, np.dstack([np.asarray(grey)] * 3))


@pytest.mark.parametrize('backend', ['cv2', 'pillow'])
@pytest.mark.parametrize('name', ['deep.png', 'deep_grey.png', 'deep.tif', 'deep_grey.tif', 'deep_grey.ppm'])
def test_of_16_bits_the_upper_8_are_kept(name, backend):
    data = {
        **GOOD,
        'deep_grey.tif': saved(Image.fromarray(DEEP[..., 0]), 'TIFF'),
        'deep_grey.ppm': saved(Image.fromarray(DEEP[..., 0]), 'PPM'),
    }[name]
    wanted = (DEEP >> 8).astype(np.uint8)
    wanted = np.dstack([wanted[..., 0]] * 3) if 'grey' in name else wanted
    assert np.array_equal(decode_image(data, backend=backend), wanted)


@pytest.mark.parametrize('backend', ['cv2', 'pillow'])
@pytest.mark.parametrize('name', ['plain.jpg', 'plain.png', 'lossless.webp', 'plain.tif'])
def test_channels_come_in_the_order_that_is_asked_for(name, backend):
    found = decode_image(GOOD[name], backend=backend, channel_order='rgb')
    assert np.array_equal(found, decode_image(GOOD[name], backend=backend)[..., ::-1])


def test_a_picture_with_damaged_notes_stays_as_it_is():
    data = saved(PICTURE, 'WEBP', exif=b'Exif\0\0no notes at all', **LOSSLESS['WEBP'])
    assert np.array_equal(decode_image(data, backend='pillow'), np.asarray(PICTURE)[..., ::-1])


def test_32_bits_are_bad_and_maps_are_taken_as_they_are():
    for backend in ('cv2', 'pillow'):
        with pytest.raises(BadImageError, match='variant of TIFF'):
            decode_image(saved(PICTURE.convert('F'), 'TIFF'), backend=backend)
    classes = PICTURE.quantize(16)
    assert np.array_equal(decode_image(saved(classes, 'PNG'), flag='unchanged', backend='pillow'), classes)


def test_every_loader_of_the_stack_decodes_so(tmp_path):
    (tmp_path / 'a.webp').write_bytes(upright('WEBP', 6))
    info = {'img_path': str(tmp_path / 'a.webp')}
    found = [load(dict(info))['img'] for load in (LoadImageFromFile(), LoadImageOrSkip())]
    assert np.array_equal(*found)
    assert np.array_equal(found[0], mmcv.imread(info['img_path']))
    assert found[0].shape == (60, 40, 3)
    assert mmcv.imfrombytes((tmp_path / 'a.webp').read_bytes(), flag=cv2.IMREAD_COLOR).shape == (40, 60, 3)
    with pytest.raises(BadImageError, match='empty file'):
        mmcv.imfrombytes(b'')
