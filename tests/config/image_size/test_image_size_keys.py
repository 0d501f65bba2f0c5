"""``image_size`` and ``local_image_size``: one number reaches pipelines and networks."""

from pathlib import Path

import pytest

from sslrecipes.config.image_size import at_size, sized_places
from sslrecipes.config.loading import load_config
from sslrecipes.config.places import key_of, value_at
from sslrecipes.config.provenance import settings
from sslrecipes.config.reading import read_config
from sslrecipes.errors import ConfigError
from sslrecipes.zoo.naming import parse_name

CONFIGS = Path(__file__).resolve().parents[3] / 'configs'
MAE = 'mae/mae_vit-base-p16_8xb512-amp-coslr-300e_in1k'
TEC = 'tec/tec-mae_vit-base-p16_8xb256-accum2-amp-coslr-300e_in1k'
HUGE = 'mae_priv/mae-priv-gap_vit-huge-p14_8xb512-amp-coslr-100e_in1k'
CNN = 'sslight/dino-sslight_resnet18_8xb128-coslr-200e_in1k'
DINO_VIT = 'sslight/dino-baseline_vit-tiny-p16_8xb128-coslr-200e_in1k'
FINETUNE = 'mae_priv/benchmarks/vit-small-p16_mae-priv-gap-100e-pre_8xb128-amp-coslr-50e_in1k'
KNN = 'quickstart/vit-nano-p4_mae-priv-gap-pre_knn_photo-tiles-32px'
PIXELS = 'quickstart/mae-pixels_vit-nano-p12_1xb64-coslr-16e_photo-tiles-96px'
DETECTOR = 'sslight/transfer/faster-rcnn_resnet18-fpn_dino-sslight-pre_8xb2-multisteplr-90k_coco'
NET, PATCHES = 'model.backbone.img_size', 'model.neck.num_patches'
SPARK = 'mmpretrain::spark/spark_sparse-resnet50_8xb512-amp-coslr-800e_in1k'
STEPS, TEST_STEPS = 'train_dataloader.dataset.pipeline', 'test_dataloader.dataset.pipeline'


@pytest.fixture
def resolve(tmp_path):
    """Function from a recipe, ours or ``mmpretrain::...``, and options to the config."""

    def read(recipe, **options):
        if '::' not in recipe:
            return load_config(CONFIGS / f'{recipe}.py', options)
        (tmp_path / 'theirs.py').write_text(f'_base_ = {recipe + ".py"!r}\n')
        return load_config(tmp_path / 'theirs.py', options)

    return read


@pytest.mark.parametrize(
    ('recipe', 'options', 'expected'),
    [
        (MAE, {'image_size': 112}, {f'{STEPS}.1.scale': 112, NET: 112, PATCHES: 49}),
        (TEC, {'image_size': 112}, {'model.target_generator.img_size': 112, PATCHES: 49}),
        (HUGE, {'image_size': 56}, {f'{STEPS}.1.scale': 56, NET: 56, PATCHES: 16}),
        (CNN, {'image_size': 112}, {f'{STEPS}.1.global_size': 112, f'{STEPS}.1.local_size': 64}),
        (CNN, {'image_size': 56}, {f'{STEPS}.1.global_size': 56, f'{STEPS}.1.local_size': 32}),
        (CNN, {'image_size': 56, 'local_image_size': 20}, {f'{STEPS}.1.global_size': 56, f'{STEPS}.1.local_size': 20}),
        (CNN, {'local_image_size': 96}, {f'{STEPS}.1.global_size': 224, f'{STEPS}.1.local_size': 96}),
        (CNN, {'image_size': 112}, {'val_dataloader.dataset.pipeline.2.crop_size': 224}),
        (DINO_VIT, {'image_size': 112}, {f'{STEPS}.1.local_size': 48, NET: 112}),
        (DINO_VIT, {'image_size': 128}, {f'{STEPS}.1.local_size': 48}),  # 55 px are no whole patches
        (PIXELS, {'image_size': 48}, {'custom_hooks.0.dataset.pipeline.0.scale': 48, PATCHES: 16}),
        (KNN, {'image_size': 64}, {f'{TEST_STEPS}.0.scale': 64, 'test_cfg.bank.dataset.pipeline.0.scale': 64}),
        (FINETUNE, {'image_size': 112}, {f'{TEST_STEPS}.1.scale': 128, f'{TEST_STEPS}.2.crop_size': 112}),
        (
            'mmpretrain::swav/swav_resnet50_8xb32-mcrop-coslr-200e_in1k-224px-96px',
            {'image_size': 112},
            {f'{STEPS}.1.transforms.0.0.scale': 112, f'{STEPS}.1.transforms.1.0.scale': 48},
        ),
        (
            'mmpretrain::cae/cae_beit-base-p16_8xb256-amp-coslr-300e_in1k',
            {'image_size': 112},
            {
                f'{STEPS}.2.size': 112,
                f'{STEPS}.2.second_size': 56,
                f'{STEPS}.2.scale': (0.08, 1.0),
                f'{STEPS}.3.input_size': (7, 7),
                f'{STEPS}.3.num_masking_patches': 19,
                'model.neck.mask_tokens_num': 19,
                NET: 112,
            },
        ),
        ('mmpretrain::mae/mae_vit-base-p16_8xb512-amp-coslr-300e_in1k', {'image_size': 96}, {PATCHES: 36}),
        (
            'mmpretrain::simmim/simmim_swin-base-w6_8xb256-amp-coslr-100e_in1k-192px',
            {'image_size': 224},
            {f'{STEPS}.3.input_size': 224, NET: 224},
        ),
        (SPARK, {'image_size': 96}, {'model.input_size': 96}),
    ],
)  # fmt: skip
def test_the_size_reaches_what_depends_on_it(resolve, recipe, options, expected):
    cfg = resolve(recipe, **options)
    assert {key: value_at(cfg, key) for key in expected} == expected
    assert sized_places(cfg) == {}


@pytest.mark.parametrize('recipe', [MAE, TEC, CNN, DINO_VIT, KNN, PIXELS])
def test_the_copy_of_a_config_means_the_same(resolve, recipe, tmp_path):
    cfg = resolve(recipe, image_size=48)
    cfg.dump(tmp_path / 'copy.py')
    copy = read_config(tmp_path / 'copy.py')
    assert copy.to_dict() == cfg.to_dict()
    again = read_config(tmp_path / 'copy.py', {'image_size': 96})
    assert value_at(again, 'model.backbone.img_size') == value_at(at_size(cfg, 96), 'model.backbone.img_size')


@pytest.mark.parametrize('options', [{'image_size': 112}, {'image_size': 64, 'local_image_size': 32}])
@pytest.mark.parametrize('recipe', [MAE, PIXELS, DINO_VIT, KNN])
def test_the_origin_of_what_it_changes(recipe, options):
    if recipe != DINO_VIT:
        options = {'image_size': 48}
    cfg, found = read_config(CONFIGS / f'{recipe}.py', options), settings(CONFIGS / f'{recipe}.py', options)
    assert all(value_at(cfg, key_of(place)) == setting.value for place, setting in found.items())
    assert str(found['model.backbone.img_size'].origin) == '--cfg-options'
    assert str(found['model.backbone.patch_size'].origin) != '--cfg-options'


BASE = """\
train_dataloader = dict(dataset=dict(pipeline=[dict(type='RandomResizedCrop', scale=224)]))
model = dict(type='MoCo', backbone=dict(type='ResNet', depth=50))
"""
SCALE = 'train_dataloader.dataset.pipeline[0].scale'


@pytest.mark.parametrize(
    ('texts', 'options', 'expected'),
    {
        'in the file itself': ([BASE + 'image_size = 112\n'], {}, '112 c0.py:3'),
        'in an heir': ([BASE, 'image_size = 112\n'], {}, '112 c1.py:2'),
        'of a heir with a smaller one': ([BASE, 'image_size = 112\n', 'image_size = 56\n'], {}, '56 c2.py:2'),
        'by an override': ([BASE, 'image_size = 112\n'], {'image_size': 56}, '56 --cfg-options'),
        'none': ([BASE], {'image_size': None}, '224 c0.py:1'),
        'none any more': ([BASE, 'image_size = 112\n'], {'image_size': None}, '224 c0.py:1'),
        'what it is already': ([BASE, 'image_size = 224\n'], {}, '224 c0.py:1'),
    }.values(),
)
def test_where_it_may_stand(write, texts, options, expected):
    path = write(*texts)
    setting = settings(path, options)[SCALE]
    assert f'{setting.value} {setting.origin}' == expected
    assert value_at(read_config(path, options), key_of(SCALE)) == setting.value


@pytest.mark.parametrize(
    ('texts', 'options', 'sentence'),
    [
        (
            [BASE, 'image_size = 112\n'],
            {key_of(SCALE): 96},
            r'pipeline\.0\.scale has no effect here: image_size=112 decides it \(c1\.py:2\): set image_size, or',
        ),
        ([BASE], {key_of(SCALE): 96, 'image_size': 112}, r'image_size=112 decides it \(--cfg-options\)'),
        (
            [BASE, 'image_size = 112\n', BASE.replace('224', '96')],
            {},
            r'^c2\.py:2: train_dataloader\.dataset\.pipeline\.0\.scale has no effect here: image_size=112',
        ),
    ],
)
def test_a_later_word_that_would_not_count_is_refused(write, texts, options, sentence):
    with pytest.raises(ConfigError, match=sentence):
        read_config(write(*texts), options)


def test_a_later_word_that_agrees_is_taken(write):
    path = write(BASE, 'image_size = 112\n', BASE.replace('224', '112'))
    assert value_at(read_config(path), key_of(SCALE)) == 112


P16 = 'image_size=56 is no whole number of patches of 16 px: take 48 or 64 px, or patches of 4, 8 or 14 px'


@pytest.mark.parametrize(
    ('recipe', 'options', 'sentence'),
    [
        (MAE, {'image_size': 56}, f'model.backbone: {P16}'),
        (TEC, {'image_size': 56}, P16),
        (DINO_VIT, {'image_size': 56}, P16),
        (CNN, {'image_size': 1}, r'image_size=1: pictures of less than 8 px show nothing that could be learnt'),
        (CNN, {'local_image_size': 2}, r'local_image_size=2: pictures of less than 4 px show nothing'),
        (MAE, {'image_size': 10**9}, r'image_size=1000000000: one picture takes 12,000,000,000 GB .* 16384 px are the'),
        (DINO_VIT, {'image_size': 8}, 'take 16 px, or patches of 4 or 8 px'),
        (DINO_VIT, {'image_size': 101}, r'take 96 or 112 px\.'),
        (DINO_VIT, {'local_image_size': 50}, 'local_image_size=50 is no whole number of patches'),
        (DINO_VIT, {'local_image_size': 224}, 'local_image_size=224 must be less than the 224 px of the global crops'),
        (CNN, {'image_size': 56, 'local_image_size': 64}, 'must be less than the 56 px'),
        (MAE, {'local_image_size': 48}, 'local_image_size=48 has no effect here: the recipe has no local crops'),
        *(
            (MAE, {'image_size': bad}, 'image_size is .*, but must be a whole number of at least 1 or None')
            for bad in (0, -112, 112.5, 'half', True, [112, 112])
        ),
        ('mmdet::retinanet/retinanet_r50_fpn_1x_coco', {'image_size': 112}, 'image_size has no effect here: detectors'),
        (DETECTOR, {'image_size': 112}, 'image_size has no effect here: detectors and segmentors'),
        ('mmpretrain::eva/eva-mae-style_vit-base-p16_16xb256-coslr-400e_in1k', {'image_size': 112},
         r'model\.target_generator \(CLIPGenerator\) takes pictures of 224 px only'),
        ('mmpretrain::maskfeat/maskfeat_vit-base-p16_8xb256-amp-coslr-300e_in1k', {'image_size': 112},
         r'\(HOGGenerator\) takes pictures of 224 px only'),
        ('mmpretrain::mixmim/mixmim_mixmim-base_16xb128-coslr-300e_in1k', {'image_size': 112},
         'image_size=112 is no multiple of 224 px: take 224 px'),
        ('mmpretrain::simmim/simmim_swin-base-w6_8xb256-amp-coslr-100e_in1k-192px', {'image_size': 112},
         r'model\.backbone \(SimMIMSwinTransformer\) takes no pictures of less than 192 px'),
        ('mmpretrain::simmim/simmim_swin-base-w6_8xb256-amp-coslr-100e_in1k-192px', {'image_size': 200},
         'image_size=200 is no multiple of 32 px: take 192 or 224 px'),
    ],
)  # fmt: skip
def test_sizes_that_can_not_be(resolve, recipe, options, sentence):
    with pytest.raises(ConfigError, match=sentence):
        resolve(recipe, **options)


UNSIZED = """\
model = dict(type='MAE')
train_dataloader = dict(sampler=dict(), dataset=dict(type='Digits', pipeline=[dict(type='PackInputs')]))
train_cfg = dict(by_epoch=True, max_epochs=1)
optim_wrapper = dict(optimizer=dict(type='SGD', lr=1.0))
"""


def test_a_size_of_which_no_map_is_left(write):
    path = write(UNSIZED.replace('[dict(', "[dict(type='RandomResizedCrop', scale=224), dict("),
                 "model = dict(backbone=dict(type='ConvNeXt', arch='tiny'))\n")  # fmt: skip
    with pytest.raises(
        ConfigError, match=r'image_size=16: model\.backbone \(ConvNeXt\) takes no pictures of less than 32'
    ):
        load_config(path, {'image_size': 16})
    assert load_config(path, {'image_size': 32}).image_size == 32


def test_pictures_of_which_nobody_states_the_size(write):
    with pytest.raises(
        ConfigError, match='image_size=16 has no effect here: no transform of the pictures states their'
    ):
        load_config(write(UNSIZED), {'image_size': 16})


def test_patches_may_be_stated_by_height_and_width(resolve):
    cfg = resolve(MAE, **{'image_size': 112, 'model.backbone.patch_size': (16, 16)})
    assert value_at(cfg, PATCHES) == 49
    with pytest.raises(ConfigError, match='no whole number of patches of 16 px'):
        resolve(MAE, **{'image_size': 56, 'model.backbone.patch_size': (16, 16)})


@pytest.mark.parametrize('recipe', [MAE, CNN])
def test_the_name_of_a_recipe_may_say_it(resolve, recipe):
    cfg = resolve(recipe, image_size=112)
    assert parse_name(f'{recipe}-112px.py').disagreements(cfg) == []
    assert parse_name(f'{recipe}.py').disagreements(cfg) == ['the name says px 224, the config 112']


@pytest.mark.parametrize('odd', [None, 5, 'x', [], {}, [None], [{'type': 3}], {'type': 'MultiCrop', 'num_locals': 'x'}])
def test_odd_configs_are_left_to_the_check(odd):
    cfg = {'image_size': 112, 'local_image_size': 48, 'model': odd, 'custom_hooks': odd}
    assert isinstance(sized_places(cfg), dict)
    assert isinstance(sized_places({**cfg, 'train_dataloader': {'dataset': {'pipeline': [odd, odd]}}}), dict)
    mask = {'type': 'BEiTMaskGenerator', 'input_size': odd, 'num_masking_patches': odd}
    assert isinstance(sized_places({**cfg, 'train_dataloader': {'dataset': {'pipeline': [mask]}}}), dict)
