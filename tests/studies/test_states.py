from contextlib import nullcontext
from pathlib import Path

import pytest

from sslrecipes.errors import DataError
from sslrecipes.studies.checks import check_jobs
from sslrecipes.studies.plan import remarks
from sslrecipes.studies.records import FAILED, NAME, STARTED
from sslrecipes.studies.states import BROKEN_OFF, CHANGED, FINISHED, NEW, shortened, states_of


def words(jobs):
    return {name: state.word for name, state in states_of(list(jobs.values())).items()}


def test_from_nothing_to_the_end(jobs, finish):
    found = jobs(factors={})
    assert set(words(found).values()) == {NEW}
    finish(*found.values())
    assert set(words(found).values()) == {FINISHED}
    found['base'].checkpoint.unlink()  # thrown away
    assert words(found)['base'] == FINISHED


@pytest.mark.parametrize('status', [STARTED, FAILED])
def test_a_training_has_ended_when_it_says_so_and_a_test_with_its_metrics(jobs, finish, status):
    found = jobs(factors={})
    finish(found['base'], found['knn/untrained'], status=status)
    assert (words(found)['base'], words(found)['knn/untrained']) == (BROKEN_OFF, FINISHED)
    found['knn/untrained'].product.unlink()
    assert words(found)['knn/untrained'] == BROKEN_OFF


def test_a_changed_override_concerns_what_depends_on_it_and_says_what_changed(jobs, finish):
    finish(*jobs().values())
    states = states_of(list(jobs({'more': {'optim_wrapper.optimizer.lr': '0.1'}}).values()))
    assert {name for name, state in states.items() if state.word == CHANGED} == {
        *('more', 'more_seed-1', 'knn/more', 'knn/more_seed-1')
    }
    assert states['more'].why == ['optim_wrapper.optimizer.lr: 0.0005 -> 0.1']
    assert states['knn/more'].why[0].startswith('weights of CHECKPOINT: ')


def test_what_is_left_of_a_longer_study_stays(jobs, finish):
    finish(*jobs().values())
    assert set(words(jobs(seeds=1)).values()) == {FINISHED}
    more = words(jobs(seeds=3))
    assert {name for name, word in more.items() if word == NEW} == {
        *('base_seed-2', 'more_seed-2', 'knn/untrained_seed-2', 'knn/more_seed-2')
    }


def dumped(job, cfg=None, **changed):
    """Let a job look as if its tool had been run by hand."""
    folder = job.folder / '20260101_000000' / 'vis_data'
    folder.mkdir(parents=True)
    cfg = (cfg or job.cfg).copy()
    cfg.merge_from_dict(changed)
    cfg.dump(folder / 'config.py')


def test_what_was_run_by_hand_counts_if_it_ran_alike(jobs):
    found = jobs(factors={})
    base, more, knn = found['base'], found['more'], found['knn/more']
    dumped(base)
    base.product.touch()
    dumped(more, work_dir='elsewhere')
    (more.folder / 'epoch_1.pth').touch()
    dumped(knn, load_from=str(more.checkpoint.absolute()))
    knn.product.write_text('{}')
    states = states_of(list(found.values()))
    assert [states[name].word for name in ('base', 'more', 'knn/more')] == [FINISHED, BROKEN_OFF, FINISHED]
    assert not (base.folder / NAME).exists(), 'looking writes nothing'


@pytest.mark.parametrize(
    ('name', 'changed', 'why'),
    [
        ('base', {'train_cfg.max_epochs': 3}, 'train_cfg.max_epochs: 3 -> 2'),
        ('more', dict(load_from='other.pth'), "load_from: 'other.pth' -> 'out/base/epoch_2.pth'"),
        ('knn/more', dict(load_from='other.pth'), "load_from: 'other.pth' -> 'out/more/epoch_2.pth'"),
        ('knn/more', {}, "load_from: None -> 'out/more/epoch_2.pth'"),
    ],
)
def test_what_was_run_by_hand_otherwise_is_done_anew(jobs, name, changed, why):
    job = jobs(factors={})[name]
    dumped(job, **changed)
    job.product.write_text('{}')
    state = states_of([job])[name]
    assert (state.word, state.why) == (CHANGED, ['it was run by hand', why])


def test_a_product_without_its_config_is_not_trusted(jobs):
    job = jobs(factors={})['base']
    job.folder.mkdir(parents=True)
    job.product.touch()
    assert states_of([job])['base'].word == CHANGED


@pytest.mark.parametrize(
    ('left', 'why'),
    [
        ([], []),
        (['notes.txt'], ['"out/base" is in the way and holds no run: move it away, or choose another --work-dir']),
        (['notes.txt', 'mae.py'], ['"out/base" is in the way and is kept as "out/base.superseded"']),
        (['.study.json.12.tmp'], ['"out/base" is in the way and is kept as "out/base.superseded"']),
    ],
)
def test_what_is_in_the_way_of_a_job_is_told_and_refused_unless_it_is_a_run(jobs, left, why):
    job = jobs(factors={})['base']
    job.folder.mkdir(parents=True)
    for name in left:
        (job.folder / name).touch()
    states = states_of([job])
    assert (states['base'].word, states['base'].why) == (NEW, why)
    assert remarks([job], states) == [f'base: {line}' for line in why]
    with pytest.raises(DataError, match=r'base: .* holds no run') if left == ['notes.txt'] else nullcontext():
        list(check_jobs([job], states, {}, Path()))


def test_many_differences_are_shortened():
    assert shortened(list('abcd')) == 'a; b; c; d'
    assert shortened(list('abcdef')) == 'a; b; c; d; and 2 more'
