import pytest

from sslrecipes.config.provenance import settings
from sslrecipes.config.reading import read_config
from sslrecipes.errors import ConfigError

BASE = """\
size = 224
checkpoint = 'a.pth'
width, names = 64, ['a', 'b']
train_pipeline = [
    dict(type='Load'),
    dict(type='Crop', scale=size, crop=size),
    dict(type='Flip', scale=size),
]
train_dataset = dict(pipeline=train_pipeline)
train_dataloader = dict(dataset=train_dataset)
test_dataloader = dict(dataset=dict(pipeline=[dict(type='Load'), *train_pipeline[1:], dict(type='Pack')]))
model = dict(
    backbone=dict(init_cfg=dict(checkpoint=checkpoint), area=size * size),
    head=dict(classes=len(names), width=width),
)
mine = 1
experiment_name = None
"""


@pytest.mark.parametrize('read', [read_config, settings])
@pytest.mark.parametrize(
    ('key', 'keys'),
    {
        'checkpoint': 'model.backbone.init_cfg.checkpoint',
        'width': 'model.head.width',
        'names': 'model.head.classes',
        'size': 'train_dataloader.dataset.pipeline.1.scale, train_dataloader.dataset.pipeline.1.crop, '
        'train_dataloader.dataset.pipeline.2.scale, model.backbone.area',
        'train_pipeline': 'train_dataloader.dataset.pipeline, test_dataloader.dataset.pipeline',
        'train_pipeline.1.type': 'train_dataloader.dataset.pipeline.1.type',
        'train_pipeline.1.scale': 'train_dataloader.dataset.pipeline.1.scale',
        'train_pipeline.1.new': 'train_dataloader.dataset.pipeline.1.new',
        'train_dataset.pipeline.0.type': 'train_dataloader.dataset.pipeline.0.type',
    }.items(),
)
def test_an_override_of_what_was_copied_names_the_keys_that_count(write, read, key, keys):
    with pytest.raises(ConfigError) as caught:
        read(write(BASE), {key: 'x'})
    assert str(caught.value) == f'--cfg-options: {key} has no effect here: set {keys}.'


SHORT = (
    "train_pipeline = [dict(type='Load'), dict(type='Crop', scale=224), dict(type='Flip')]\n"
    """\
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
"""
)
SHIFTED = 'train_dataloader = dict(dataset=dict(pipeline={}))'


@pytest.mark.parametrize('read', [read_config, settings])
@pytest.mark.parametrize(
    ('pipeline', 'key', 'keys'),
    [
        ("[dict(type='Skip'), *_base_.train_pipeline]", 'train_pipeline.1.scale', '{}.2.scale'),
        ("[dict(type='Skip'), *_base_.train_pipeline]", 'train_pipeline.2.prob', '{}.3.prob'),
        ("[dict(type='Skip'), *_base_.train_pipeline]", 'train_pipeline.0', '{}.1'),
        ("[dict(type='Skip')] + _base_.train_pipeline", 'train_pipeline.1.scale', '{}.2.scale'),
        ('_base_.train_pipeline[1:]', 'train_pipeline.1.scale', '{}.0.scale'),
        ("[step for step in _base_.train_pipeline if step['type'] != 'Load']", 'train_pipeline.1.scale', '{}.0.scale'),
        ('_base_.train_pipeline[1:]', 'train_pipeline.0.backend', 'an entry of {}'),
        ("[*_base_.train_pipeline[:1], dict(type='Crop', scale=96)]", 'train_pipeline.1.scale', 'an entry of {}'),
    ],
)
def test_an_entry_is_found_where_others_were_put_before_it(write, read, pipeline, key, keys):
    with pytest.raises(ConfigError) as caught:
        read(write(SHORT, SHIFTED.format(pipeline)), {key: 'x'})
    place = keys.format('train_dataloader.dataset.pipeline')
    assert str(caught.value) == f'--cfg-options: {key} has no effect here: set {place}.'


def test_an_entry_is_found_in_the_copy_of_such_a_config(write, tmp_path):
    read_config(write(SHORT, SHIFTED.format("[dict(type='Skip'), *_base_.train_pipeline]"))).dump(tmp_path / 'copy.py')
    with pytest.raises(ConfigError, match=r'here: set train_dataloader\.dataset\.pipeline\.2\.scale\.$'):
        read_config('copy.py', {'train_pipeline.1.scale': 96})


def test_a_name_from_which_nothing_is_left(write):
    with pytest.raises(ConfigError, match=r'no effect here: model\.backbone\.init_cfg\.checkpoint is no longer there'):
        read_config(write(BASE, 'model = dict(backbone=dict(init_cfg=None))'), {'checkpoint': 'x'})


def test_the_copy_of_a_config_in_a_work_dir(write, tmp_path):
    read_config(write(BASE)).dump(tmp_path / 'copy.py')
    with pytest.raises(ConfigError, match=r'here: set train_dataloader\.dataset\.pipeline\.1\.scale\.$'):
        read_config('copy.py', {'train_pipeline.1.scale': 96})
    assert read_config('copy.py', {'mine': 2}).mine == 2


@pytest.mark.parametrize('key', ['mine', 'experiment_name', 'train_dataloader.dataset.pipeline.1.scale'])
def test_other_keys_may_be_set(write, key):
    assert settings(write(BASE), {key: 'x'})


@pytest.mark.parametrize(
    ('text', 'sentence'),
    {
        "\n\ncheckpoint = 'b.pth'": 'c1.py:4: checkpoint has no effect here: set model.backbone.init_cfg.checkpoint.',
        "train_pipeline = [*_base_.train_pipeline, dict(type='Pack')]": 'set train_dataloader.dataset.pipeline, test_',
        'size = _base_.size // 2': 'set train_dataloader.dataset.pipeline anew, as a whole list',
        "checkpoint = 'b.pth'\nmodel = dict(head=dict(width=3))": 'checkpoint has no effect',
    }.items(),
)
def test_so_does_a_file_that_inherits(write, text, sentence):
    with pytest.raises(ConfigError) as caught:
        read_config(write(BASE, text))
    assert sentence in str(caught.value)
    with pytest.raises(ConfigError):
        settings(write(BASE, text, 'mine = 2'))


@pytest.mark.parametrize(
    'texts',
    [
        ['mine = 2', 'size = 224', "other = 'x'"],
        ["checkpoint = 'b.pth'\nmodel = dict(backbone=dict(init_cfg=dict(checkpoint=checkpoint)))"],
        ["checkpoint = 'b.pth'\nmodel = dict(backbone=dict(init_cfg=dict(checkpoint='c.pth')))"],
        ["names = ['c']\nfor name in names:\n    mine = name"],
        ["checkpoint = 'b.pth'", 'model = dict(backbone=dict(init_cfg=dict(checkpoint=_base_.checkpoint)))'],
        ["checkpoint = 'b.pth'", 'model = dict(head=dict(init_cfg=dict(checkpoint=_base_.checkpoint)))'],
    ],
)
def test_variables_that_are_used_may_be_set(write, texts):
    assert settings(write(BASE, *texts))
    assert read_config('c1.py' if len(texts) == 1 else f'c{len(texts)}.py')


@pytest.mark.parametrize('copy', ['data_preprocessor', 'dict(mean=[0.0, 0.0])'])
def test_of_two_preprocessors_that_of_the_model_counts(write, copy):
    base = f'data_preprocessor = dict(mean=[1.0, 1.0])\nmodel = dict(data_preprocessor={copy})\n'
    with pytest.raises(
        ConfigError, match=r'^--cfg-opt.* data_preprocessor\.mean\.0 .* set model\.data_preprocessor\.mean'
    ):
        read_config(write(base), {'data_preprocessor.mean.0': 2.0})
    with pytest.raises(ConfigError, match=r'^c1\.py:2: data_preprocessor has no effect here: set model\.data_prep'):
        read_config(write(base, 'data_preprocessor = dict(mean=[2.0])'))
    assert settings(
        write(base, 'data_preprocessor = dict(mean=[2.0])\nmodel = dict(data_preprocessor=data_preprocessor)')
    )
    alone = 'data_preprocessor = dict(mean=[1.0])\nmodel = dict()\n'
    assert settings(write(alone, 'data_preprocessor = dict(mean=[2.0])\nmodel = dict(data_preprocessor=dict())'))
    assert settings(write(alone), {'data_preprocessor.mean.0': 2.0})


def test_what_packages_leave_without_effect_is_theirs(write):
    # its test_pipeline is set after its base has made the loaders
    cfg = read_config(write("_base_ = 'mmpretrain::resnest/resnest200_64xb32_in1k.py'"))
    assert cfg.test_pipeline
