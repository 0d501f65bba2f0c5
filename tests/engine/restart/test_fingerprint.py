import numpy as np
import pytest
import torch
from mmengine.config import Config

from sslrecipes.engine.restart.fingerprint import dataset_facts, differences, fingerprint, flatten, source_digest


def table(cfg, world_size=1, seed=0):
    return fingerprint(cfg, world_size, seed)


@pytest.mark.parametrize(
    ('place', 'value'),
    [
        ('train_dataloader.batch_size', 8),
        ('optim_wrapper.optimizer.lr', 1e-4),
        ('optim_wrapper.accumulative_counts', 2),
        ('model.backbone.mask_ratio', 0.5),
        ('train_dataloader.dataset.pipeline.0.scale', 16),
        ('train_cfg.max_epochs', 8),
        ('default_hooks.sampler_seed', None),
    ],
)
def test_what_changes_training_is_told_by_place(mae_on_digits, place, value):
    before = table(mae_on_digits)
    mae_on_digits.merge_from_dict({place: value})
    (line,) = differences(before, table(mae_on_digits))
    assert line.startswith(place.replace('.0.', '[0].') + ': ')
    assert line.endswith(f' -> {value!r}')


@pytest.mark.parametrize(
    ('place', 'value'),
    [
        ('work_dir', 'elsewhere'),
        ('resume', True),
        ('train_dataloader.num_workers', 4),
        ('train_dataloader.dataset.data_root', '/mnt/b'),
        ('default_hooks.checkpoint.interval', 5),
        ('log_level', 'DEBUG'),
        ('val_dataloader', dict(batch_size=3)),
        ('train_cfg.val_interval', 2),
    ],
)
def test_what_does_not_is_not(mae_on_digits, place, value):
    before = table(mae_on_digits)
    mae_on_digits.merge_from_dict({place: value})
    assert differences(before, table(mae_on_digits)) == []


def test_processes_seed_and_versions_count(mae_on_digits, monkeypatch):
    before = table(mae_on_digits)
    monkeypatch.setattr('sslrecipes.engine.restart.fingerprint.__version__', '9.9')
    after = table(mae_on_digits, world_size=2, seed=1)
    assert [line.split(':')[0] for line in differences(before, after)] == [
        'version of sslrecipes',
        'number of processes',
        'seed',
    ]


def test_content_of_weight_files_counts(mae_on_digits, tmp_path):
    file = tmp_path / 'base.pth'
    mae_on_digits.model.init_cfg = dict(type='Pretrained', checkpoint=str(file))
    tables = []
    for value in (1, 2):
        torch.save({'x': value}, file)
        tables.append(table(mae_on_digits))
    (line,) = differences(*tables)
    assert line.startswith('content of model.init_cfg.checkpoint: ')


class Images:
    def __init__(self, names, root='/data'):
        self.names, self.data_root = names, root

    def __len__(self):
        return len(self.names)

    def get_data_info(self, index):
        return {'img_path': f'{self.data_root}/{self.names[index]}', 'gt_label': 0}


def test_data_set_may_move_but_not_change():
    names = [f'{index}.jpg' for index in range(10)]
    facts = dataset_facts(Images(names))
    assert dataset_facts(Images(names, '/elsewhere')) == facts
    assert dataset_facts(Images(names[:-1])) != facts
    assert dataset_facts(Images([*names[:-1], 'other.jpg'])) != facts


def test_data_set_of_arrays_is_known_by_its_pixels():
    class Arrays(Images):
        def get_data_info(self, index):
            return {'img': np.full((2, 2), self.names[index], np.uint8)}

    assert dataset_facts(Arrays([1, 2])) == dataset_facts(Arrays([1, 2])) != dataset_facts(Arrays([1, 3]))


def test_flatten_names_places_as_configs_do():
    cfg = Config(dict(a=dict(b=[dict(c=1), dict(d=(1, 2))], e={})))
    assert dict(flatten(cfg.to_dict())) == {'a.b[0].c': 1, 'a.b[1].d': [1, 2], 'a.e': {}}


def test_data_set_of_neither_files_nor_arrays_is_known_by_its_plain_values():
    class Keys(Images):
        def get_data_info(self, index):
            return {'key': self.names[index], 'blob': object()}

    assert dataset_facts(Keys(['a', 'b'])) == dataset_facts(Keys(['a', 'b'])) != dataset_facts(Keys(['a', 'c']))


def test_sets_have_an_order():
    words = [f'word {index}' for index in range(9)]
    assert dict(flatten({'a': set(words)})) == {'a': words}


def test_copies_of_recipes_in_a_wheel_are_not_source_code(monkeypatch, tmp_path):
    package = tmp_path / 'package'
    (package / 'engine' / 'restart').mkdir(parents=True)
    (package / 'engine' / 'restart' / 'fingerprint.py').write_text('x = 1')
    copied = package / 'engine' / 'restart' / 'fingerprint.py'
    monkeypatch.setattr('sslrecipes.engine.restart.fingerprint.__file__', str(copied))
    before = source_digest.__wrapped__()
    (package / '.mim' / 'configs').mkdir(parents=True)
    (package / '.mim' / 'configs' / 'recipe.py').write_text('model = {}')
    assert source_digest.__wrapped__() == before
    (package / 'new.py').write_text('y = 1')
    assert source_digest.__wrapped__() != before


def test_names_that_are_no_utf8_are_names_too():
    class Folder(list):
        data_root = 'data'

        def get_data_info(self, index):
            return {'img_path': f'data/{self[index]}'}

    assert dataset_facts(Folder(['caf\udce9.jpg'])) != dataset_facts(Folder(['caf\udce8.jpg']))
