import numpy as np
import pytest
from mmengine.config import Config

from sslrecipes.studies.identity import _names_below, changes, data_of, digest, identity
from sslrecipes.studies.records import STARTED, Record, write_record

BASE = dict(recipe='mae.py')


def folder_of(path, *names):
    for name in names:
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).touch()
    _names_below.cache_clear()  # what a later start of the study sees
    return str(path)


def one_stage(jobs, data=None, **options):
    if data:
        options['train_dataloader.dataset.data_root'] = data
    return jobs(factors={}, stages=dict(base=dict(recipe='folder.py', options=options)), evaluations={}, claim={})[
        'base'
    ]


@pytest.fixture
def recipe(study, tmp_path):
    study()
    dataset = dict(_delete_=True, type='ImageFolder', data_root='a', pipeline=[])
    (tmp_path / 'folder.py').write_text(f"_base_ = 'mae.py'\ntrain_dataloader = dict(dataset={dataset})")


@pytest.mark.parametrize(
    ('option', 'value', 'counts'),
    [
        ('optim_wrapper.optimizer.lr', 2e-3, True),
        ('train_cfg.max_epochs', 3, True),
        ('randomness.seed', 7, True),
        ('train_dataloader.batch_size', 16, True),
        ('train_dataloader.num_workers', 1, False),
        ('log_level', 'WARNING', False),
        ('default_hooks.checkpoint.interval', 2, False),
        ('env_cfg.cudnn_benchmark', True, False),
    ],
)
def test_what_counts(jobs, option, value, counts):
    def named(**options):
        return digest(
            identity(
                jobs(factors={}, stages=dict(base=dict(**BASE, options=options)), evaluations={}, claim={})['base']
            )
        )

    assert (named() != named(**{option: value})) == counts


def test_a_change_reaches_what_builds_on_it_and_nothing_else(jobs):
    before = {name: digest(identity(job)) for name, job in jobs().items()}
    after = {name: digest(identity(job)) for name, job in jobs({'more': {'train_cfg.max_epochs': '3'}}).items()}
    assert {name for name in before if before[name] != after[name]} == {
        *('more', 'more_seed-1', 'knn/more', 'knn/more_seed-1')
    }


def test_weights_count_by_content(jobs, tmp_path):
    def judged(content):
        (tmp_path / 'a.pth').write_bytes(content)
        stages = dict(a=dict(checkpoint='a.pth'))
        return identity(jobs(factors={}, stages=stages, evaluations=dict(knn=dict(recipe='knn.py')), claim={})['knn/a'])

    first = judged(b'first')
    assert changes(first, judged(b'first')) == []
    assert [line.partition(':')[0] for line in changes(first, judged(b'other'))] == ['weights of CHECKPOINT']


@pytest.mark.parametrize('place', ['load_from', 'model.backbone.init_cfg.checkpoint'])
def test_files_that_a_recipe_names_count_by_content_too(jobs, tmp_path, place):
    def named(content, file='a.pth'):
        (tmp_path / file).write_bytes(content)
        key = place.removesuffix('.checkpoint')
        options = {key: file if key == place else dict(type='Pretrained', checkpoint=file)}
        stages = dict(base=dict(**BASE, options=options))
        return identity(jobs(factors={}, stages=stages, evaluations={}, claim={})['base'])

    first = named(b'first')
    assert changes(first, named(b'first', 'b.pth')) == []
    assert [line.partition(':')[0] for line in changes(first, named(b'other'))] == [f'weights of {place}']


def test_data_counts_by_the_names_of_its_files_wherever_it_lies(recipe, jobs, tmp_path):
    names = ('x/1.png', 'x/2.png')
    first = identity(one_stage(jobs, folder_of(tmp_path / 'here', *names)))
    assert changes(first, identity(one_stage(jobs, folder_of(tmp_path / 'there', *names)))) == []
    (change,) = changes(first, identity(one_stage(jobs, folder_of(tmp_path / 'more', *names, 'y/3.png'))))
    assert change.startswith('data in train_dataloader.dataset.data_root: 2 files ')
    assert '-> 3 files' in change


def test_data_that_has_gone_is_remembered_and_what_a_run_writes_is_no_change(recipe, jobs, tmp_path):
    job = one_stage(jobs, folder_of(tmp_path / 'data', 'x/1.png'))
    before = identity(job)
    write_record(job.folder, Record(STARTED, before))
    (tmp_path / 'data').rename(tmp_path / 'gone')
    assert identity(job) == before
    absent = {key: value for key, value in before.items() if not key.startswith('data in')}
    assert changes(absent, before) == []


def test_only_the_parts_of_a_folder_that_are_read_count(tmp_path):
    root = folder_of(tmp_path / 'in', 'train/a/1.png', 'val/a/2.png', 'notes.txt')
    (tmp_path / 'in/list.txt').write_text('a/1.png 0\n')

    def found(**dataset):
        return data_of(Config(dict(train_dataloader=dict(dataset=dict(data_root=root, **dataset)))))

    place = 'data in train_dataloader.dataset.'
    assert {key: value.split()[0] for key, value in found(split='train').items()} == {f'{place}data_root': '1'}
    assert found(split='train') != found(split='val')
    assert {key: value.split()[0] for key, value in found(data_prefix=dict(img_path='val')).items()} == {
        f'{place}img_path': '1'
    }
    assert list(found(ann_file='list.txt', split='train')) == [f'{place}data_root', f'{place}ann_file']
    assert found()[f'{place}data_root'].startswith('4 files')
    assert np.all([key.startswith(place) for key in found()])
