import numpy as np
import pytest
from mmengine.config import Config
from PIL import Image

from sslrecipes.commands.visualize_views import Sample, draw_views, load_samples, visualize_views
from sslrecipes.errors import ConfigError, DataError, StorageError

MULTI_CROP = dict(type='MultiCrop', global_size=32, local_size=16, num_locals=2)


@pytest.fixture
def recipe(tmp_path):
    """Return a function that writes a recipe on a folder of four images, the first of them bad."""
    folder = tmp_path / 'images'
    folder.mkdir()
    (folder / 'a.png').write_bytes(b'')
    for name in 'bcd':
        pixels = np.random.default_rng(0).integers(0, 256, (40, 50, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f'{name}.png')

    def write(*steps, dataset=None, data_root=folder, loading='LoadImageOrSkip'):
        pipeline = [dict(type=loading), *steps, dict(type='PackInputs')]
        dataset = dataset or dict(type='ImageFolder', data_root=str(data_root), pipeline=pipeline)
        loader = dict(batch_size=2, num_workers=0, sampler=dict(type='DefaultSampler', shuffle=True), dataset=dataset)
        cfg = Config(dict(default_scope='sslrecipes', train_dataloader=loader, model=dict(type='MAE')))
        cfg.update(train_cfg=dict(type='SSLTrainLoop', max_epochs=1))
        cfg.update(optim_wrapper=dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=0.1)))
        (tmp_path / 'recipe.py').write_text(cfg.pretty_text)
        return tmp_path / 'recipe.py'

    return write


def test_the_tool_writes_a_picture(recipe, tmp_path, call, capsys):
    out = tmp_path / 'new/views.png'
    pictures = f'train_dataloader.dataset.data_root={tmp_path / "images"}'
    config = recipe(MULTI_CROP, data_root='elsewhere')
    call('visualize_views.py', config, '--out', out, '--images', 2, '--cfg-options', pictures)
    assert capsys.readouterr().out.splitlines()[-1] == f'written: {out}'
    picture = Image.open(out)
    assert picture.width > 224 + 4 * 160
    assert 2 * 224 < picture.height < 3 * 224


@pytest.mark.parametrize('loading', ['LoadImageOrSkip', 'LoadImageFromFile'])
def test_bad_images_are_passed_over_and_views_are_those_of_the_first_epoch(recipe, loading):
    samples = load_samples(recipe(MULTI_CROP, loading=loading), 9)
    assert len(samples) == 3
    assert [view.shape[0] for view in samples[0].views] == [32, 32, 16, 16]
    assert samples[0].image.shape == (40, 50, 3)
    again = load_samples(recipe(MULTI_CROP), 1)
    assert all((one == other).all() for one, other in zip(samples[0].views, again[0].views, strict=True))


def test_single_views_and_other_lists_of_views_are_shown(recipe):
    crop = dict(type='RandomResizedCrop', scale=16)
    (single,) = load_samples(recipe(crop), 1)
    assert [view.shape for view in single.views] == [(16, 16, 3)]
    assert single.boxes.size == 0
    (multiple,) = load_samples(recipe(dict(type='MultiView', num_views=2, transforms=[[crop]])), 1)
    assert len(multiple.views) == 2
    unequal = load_samples(recipe(), 2)
    unequal[1].views[0] = unequal[1].views[0][:20]
    assert draw_views(unequal).shape[1] > 2 * 224


def test_data_sets_without_files_and_wrapped_ones_are_shown(recipe):
    digits = dict(type='Digits', split='train', pipeline=[MULTI_CROP, dict(type='PackInputs')])
    (sample,) = load_samples(recipe(dataset=dict(type='RepeatDataset', times=2, dataset=digits)), 1)
    assert sample.image.shape == (8, 8, 3)
    assert len(sample.views) == 4


def test_each_box_has_the_colour_of_its_column():
    image = np.zeros((100, 200, 3), np.uint8)
    boxes = np.array([[0, 0, 100, 100], [120, 20, 180, 80]], np.float32)
    grid = draw_views([Sample(image, [image[:96, :96]] * 2, boxes)])
    drawn = [(grid == colour).all(-1).nonzero() for colour in ((255, 0, 0), (0, 0, 255))]
    assert drawn[0][1].max() < drawn[1][1].min()  # red, the first, stands on the left
    assert np.ptp(drawn[0][0]) > 80


@pytest.mark.parametrize(
    ('arguments', 'error', 'sentence'),
    [
        (dict(out='views.xyz'), ConfigError, 'no ending of an image format'),
        (dict(out='views.png', images=0), ConfigError, '0 images are none'),
    ],
)
def test_mistakes_are_one_sentence(recipe, tmp_path, arguments, error, sentence):
    with pytest.raises(error, match=sentence):
        visualize_views(recipe(MULTI_CROP), **{**arguments, 'out': tmp_path / arguments['out']})


def test_an_image_of_the_recipe_is_not_written_over(recipe, tmp_path):
    with pytest.raises(StorageError, match=r'd\.png" is read and would be written over'):
        visualize_views(recipe(MULTI_CROP), tmp_path / 'images/d.png')


def test_absent_data_are_named(recipe, tmp_path):
    with pytest.raises(DataError, match='absent'):
        visualize_views(recipe(MULTI_CROP, data_root='absent'), tmp_path / 'views.png')


def test_a_recipe_without_training_is_refused(tmp_path):
    (tmp_path / 'recipe.py').write_text('model = dict(type="MAE")\n')
    with pytest.raises(ConfigError, match='no train_dataloader'):
        visualize_views(tmp_path / 'recipe.py', tmp_path / 'views.png')
