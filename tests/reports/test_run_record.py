import json
import os
import platform

import pytest

from sslrecipes.errors import DataError
from sslrecipes.paths.owner import Owner, begin_of, boot_of_machine, lock_text
from sslrecipes.reports.run_config import CHANGED, differences, read_run_config
from sslrecipes.reports.run_record import read_run


def test_a_folder_without_a_run_is_one_sentence(tmp_path):
    (tmp_path / 'file').touch()
    for place, words in (('nowhere', 'does not exist'), ('file', 'is no folder'), ('.', 'no logged scalars')):
        with pytest.raises(DataError, match=words):
            read_run(tmp_path / place)
    (tmp_path / '20260101_000000').mkdir()
    (tmp_path / '20260101_000000' / '20260101_000000.log').touch()
    with pytest.raises(DataError, match='has logged nothing yet'):
        read_run(tmp_path)


def test_a_run_is_read_with_half_a_line_at_its_end_and_without_its_config(recorded):
    folder = recorded('too_short')
    for config in [*folder.glob('*.py'), *folder.glob('*/vis_data/config.py')]:
        config.unlink()
    with next(folder.glob('*/vis_data/scalars.json')).open('a') as scalars:
        scalars.write('{"loss": 1.')
    run = read_run(folder)
    assert (run.step, run.model, run.epochs, run.config.recipe) == (5, '', None, '')


@pytest.mark.parametrize(
    ('ended', 'finished', 'state'), [('', None, 'going on'), ('now', None, 'broken off'), ('now', (3, 108), 'finished')]
)
def test_the_lock_tells_whether_a_run_is_over(recorded, ended, finished, state):
    folder, process = recorded('healthy'), os.getpid()
    owner = Owner(platform.node(), boot_of_machine(), process, begin_of(process), 'today', ended, finished)
    (folder / '.run.lock').write_bytes(lock_text(owner))
    run = read_run(folder)
    assert run.state == state
    assert (run.step, run.epoch, run.epochs, run.log.starts) == (102, 3, 3, 1)


def test_what_differs_from_the_recipe_is_told_with_its_origin(recorded):
    folder = recorded('wrong_lr')
    config = read_run_config(folder)
    (changed,) = (setting for setting in differences(config) if setting.origin == CHANGED)
    assert (changed.place, changed.value, changed.base) == ('optim_wrapper.optimizer.lr', '1.5e-06', '0.0015')
    heir = config.file.with_name('heir.py')
    heir.write_text(f"_base_ = '{config.file.name}'\noptim_wrapper = dict(optimizer=dict(lr=1.5e-06))\n")
    next(folder.glob('*.py')).rename(folder / 'heir.py')
    (own,) = differences(read_run_config(folder))
    assert (own.value, own.base) == ('1.5e-06', '0.0015')
    assert own.origin.endswith('heir.py:2')


def test_nothing_of_a_run_is_executed(recorded):
    folder = recorded('healthy')
    for config in [*folder.glob('*.py'), *folder.glob('*/vis_data/config.py')]:
        config.write_text(config.read_text() + '\nraise SystemExit(1)\n')
    assert read_run(folder).model == 'DINO'
    assert json.dumps(read_run(folder).config.values['train_cfg'])
