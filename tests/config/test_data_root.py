import pytest

from sslrecipes.config.provenance import settings
from sslrecipes.config.reading import read_config
from sslrecipes.errors import ConfigError

BASE = """\
data_root = 'data/coco/'
train_dataloader = dict(dataset=dict(data_root=data_root, ann_file='annotations/train.json'))
val_dataloader = dict(dataset=dict(datasets=[dict(data_root=data_root), dict(data_root='data/coco-more')]))
val_evaluator = dict(ann_file=data_root + 'annotations/val.json')
work_dir = 'data/coco/runs'
"""
#: Loaders that no ``data_root`` at the top joins.
APART = """\
train_dataloader = dict(dataset=dict(data_root='data/in1k/train/'))
test_cfg = dict(bank=dict(dataset=dict(data_root='data/in1k')))
test_dataloader = dict(dataset=dict(data_root='data/in1k/', ann_file=''))
"""
TRAIN, VAL = 'train_dataloader.dataset.data_root', 'val_dataloader.dataset.datasets[0].data_root'
ANNOTATIONS = 'val_evaluator.ann_file'
MINE = "train_dataloader = dict(dataset=dict(data_root='mine'))\n"


def found(path, options=None, places=(TRAIN, VAL, ANNOTATIONS)):
    """Values of ``places``, each with who set it, as the readers of a config see them."""
    cfg, known = read_config(path, options), settings(path, options)
    for place, setting in known.items():
        assert eval(f'cfg.{place}', {}, {'cfg': cfg}) == setting.value
    return [f'{known[place].value} {known[place].origin}' for place in places]


@pytest.mark.parametrize('root', ['/disk/coco', '/disk/coco/'])
def test_an_override_reaches_loaders_and_evaluators(write, root):
    option = '/disk/coco{} --cfg-options'.format
    assert found(write(BASE), {'data_root': root}) == [*map(option, ('/', '/', '/annotations/val.json'))]


def test_the_working_directory_as_root(write):
    assert read_config(write(BASE), {'data_root': ''}).val_evaluator.ann_file == 'annotations/val.json'
    assert read_config(write(BASE), {'data_root': '/'}).val_evaluator.ann_file == '/annotations/val.json'


def test_nothing_else_moves(write):
    cfg = read_config(write(BASE), {'data_root': 'x'})
    assert cfg.data_root == 'x'
    assert cfg.train_dataloader.dataset.ann_file == 'annotations/train.json'
    assert cfg.val_dataloader.dataset.datasets[1].data_root == 'data/coco-more'
    assert cfg.work_dir == 'data/coco/runs'


@pytest.mark.parametrize(
    ('texts', 'options', 'expected'),
    {
        'as it is': ([], {}, ['data/coco/ c0.py:1', 'data/coco/ c0.py:1', 'data/coco/annotations/val.json c0.py:4']),
        'an heir': (["data_root = 'x'\n"], {}, ['x/ c1.py:2', 'x/ c1.py:2', 'x/annotations/val.json c1.py:2']),
        'an heir of an heir': (
            ['a = 1\n', "data_root = 'x'\n"],
            {},
            ['x/ c2.py:2', 'x/ c2.py:2', 'x/annotations/val.json c2.py:2'],
        ),
        'the last of several': (
            ["data_root = 'data'\n", "data_root = 'x'\n"],
            {},
            ['x/ c2.py:2', 'x/ c2.py:2', 'x/annotations/val.json c2.py:2'],
        ),
        "a loader's own": (
            [MINE],
            {},
            ['mine c1.py:2', 'data/coco/ c0.py:1', 'data/coco/annotations/val.json c0.py:4'],
        ),
        'both in one file': (
            [MINE + "data_root = 'x'\n"],
            {},
            ['mine c1.py:2', 'x/ c1.py:3', 'x/annotations/val.json c1.py:3'],
        ),
        "a loader's own after the common one": (
            ["data_root = 'x'\n", MINE],
            {},
            ['mine c2.py:2', 'x/ c1.py:2', 'x/annotations/val.json c1.py:2'],
        ),
        "the common one after a loader's own": (
            [MINE, "data_root = 'x'\n"],
            {},
            ['x c2.py:2', 'x/ c2.py:2', 'x/annotations/val.json c2.py:2'],
        ),
        'used as a variable': (
            ["data_root = 'x'\ntrain_dataloader = dict(dataset=dict(data_root=data_root))\n"],
            {},
            ['x c1.py:2', 'data/coco/ c0.py:1', 'data/coco/annotations/val.json c0.py:4'],
        ),
        'a variable set anew': (
            ["data_root = 'x'\ntrain_dataloader = dict(dataset=dict(data_root=data_root))\n"],
            {'data_root': 'y'},
            ['y --cfg-options', 'data/coco/ c0.py:1', 'data/coco/annotations/val.json c0.py:4'],
        ),
        'the command line beats the files': (
            [MINE, "data_root = 'x'\n" + MINE],
            {'data_root': 'y'},
            ['y --cfg-options', 'y/ --cfg-options', 'y/annotations/val.json --cfg-options'],
        ),
        "a loader's own on the command line": (
            ["data_root = 'x'\n"],
            {TRAIN: 'y'},
            ['y --cfg-options', 'x/ c1.py:2', 'x/annotations/val.json c1.py:2'],
        ),
        'both on the command line': (
            [],
            {TRAIN: 'y', 'data_root': 'z'},
            ['y --cfg-options', 'z/ --cfg-options', 'z/annotations/val.json --cfg-options'],
        ),
        'a whole loader on the command line': (
            [],
            {'data_root': 'z', 'train_dataloader': {'dataset': {'data_root': 'y'}}},
            ['y --cfg-options', 'z/ --cfg-options', 'z/annotations/val.json --cfg-options'],
        ),
        'an evaluator beside the loaders': (
            [],
            {'data_root': 'z', ANNOTATIONS: 'data/coco/mine.json'},
            ['z/ --cfg-options', 'z/ --cfg-options', 'data/coco/mine.json --cfg-options'],
        ),
        'paths computed from another root': (
            ["data_root = 'data/coco/big'\n", "val_evaluator = dict(ann_file=_base_.data_root + '/val.json')\n"],
            {'data_root': 'z'},
            ['z/ --cfg-options', 'z/ --cfg-options', 'z/val.json --cfg-options'],
        ),
    }.values(),
)
def test_the_later_setter_wins_and_of_one_the_more_specific_key(write, texts, options, expected):
    assert found(write(BASE, *texts), options) == expected


def test_a_config_without_one_has_its_only_root_moved(write):
    places = (TRAIN, 'test_cfg.bank.dataset.data_root', 'test_dataloader.dataset.data_root')
    moved = ['/x/train/ {}', '/x {}', '/x/ {}']
    option = [line.format('--cfg-options') for line in moved]
    assert found(write(APART), {'data_root': '/x'}, places) == option
    assert read_config('c0.py', {'data_root': '/x'}).data_root == '/x'
    assert found(write(APART, "data_root = '/x'\n"), None, places) == [line.format('c1.py:2') for line in moved]
    assert found('c1.py', {'data_root': '/y'}, places) == [line.replace('/x', '/y') for line in option]
    assert found('c0.py', {'data_root': '/x', TRAIN: 't'}, places)[0] == 't --cfg-options'


def test_a_variable_of_that_name_moves_nothing_else(write):
    path = write(APART, "data_root = '/x'\ntrain_dataloader = dict(dataset=dict(data_root=data_root))\n")
    cfg = read_config(path)
    assert (cfg.train_dataloader.dataset.data_root, cfg.test_dataloader.dataset.data_root) == ('/x', 'data/in1k/')


def test_a_single_file_means_what_it_says(write):
    text = "data_root = 'a'\ntrain_dataloader = dict(dataset=dict(data_root='b'))\n"
    assert read_config(write(text)).train_dataloader.dataset.data_root == 'b'


@pytest.mark.parametrize(
    ('texts', 'options', 'sentence'),
    [
        (
            [APART.replace('k/train', 'm')],
            {'data_root': 'x'},
            '--cfg-options: data_root could stand for any of train_dataloader.dataset.data_root=data/in1m/, ',
        ),
        ([APART.replace('k/train', 'm'), "data_root = 'x'\n"], {}, 'c1.py:2: data_root could stand for any of '),
        (['model = dict()\n'], {'data_root': 'x'}, '--cfg-options: the config has no key "data_root", and none of '),
        (
            ["data_root = 'a'\n" + MINE],
            {'data_root': 'x'},
            '--cfg-options: data_root has no effect here: set train_dataloader.dataset.data_root.',
        ),
        (["data_root = 'a'\n" + MINE, "data_root = 'b'"], {}, 'c1.py:2: data_root has no effect here: set train_'),
        ([BASE], {'data_root': None}, '--cfg-options: data_root is None, but must be the path of a folder.'),
    ],
)
def test_what_it_stands_for_must_be_clear(write, texts, options, sentence):
    with pytest.raises(ConfigError) as caught:
        read_config(write(*texts), options)
    assert str(caught.value).startswith(sentence)


def test_two_roots_of_which_one_is_given(write):
    options = {'data_root': 'x', 'test_cfg.bank.dataset.data_root': 'a', 'test_dataloader.dataset.data_root': 'b'}
    assert found(write(APART), options, (TRAIN,)) == ['x/ --cfg-options']


@pytest.mark.parametrize(
    ('base', 'before'),
    [
        ('mmpretrain::_base_/datasets/imagenet_bs512_mae.py', 'data/imagenet/'),
        ('mmdet::_base_/datasets/coco_detection.py', 'data/coco/'),
    ],
)
def test_recipes_of_other_packages(tmp_path, base, before):
    path = tmp_path / 'mine.py'

    def root(text, options=None):
        path.write_text(f"_base_ = '{base}'\n{text}")
        return read_config(path, options).train_dataloader.dataset.data_root

    assert root('') == before
    assert root("data_root = '/x/'") == '/x/'
    assert root(MINE) == 'mine'
    assert root(MINE, {'data_root': '/x'}) == '/x'
    assert root('', {TRAIN: '/x'}) == '/x'


def test_a_loader_that_an_heir_leaves_out_is_no_candidate(write):
    heir = "train_dataloader = dict(dataset=dict(data_root='data/images'))\ntest_cfg = test_dataloader = None\n"
    overridden = read_config(write(APART, heir), {'data_root': 'mine'})
    inherited = read_config(write(APART, heir, "data_root = 'mine'\n"))
    assert overridden.train_dataloader.dataset.data_root == inherited.train_dataloader.dataset.data_root == 'mine'
