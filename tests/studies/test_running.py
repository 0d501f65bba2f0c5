import os
import signal
from dataclasses import replace
from pathlib import Path

import pytest

from sslrecipes.errors import StorageError
from sslrecipes.studies import running
from sslrecipes.studies.launching import Launch
from sslrecipes.studies.records import DONE, FAILED, STARTED, read_record
from sslrecipes.studies.running import Watcher, Workers, run_jobs
from sslrecipes.studies.states import CHANGED, states_of


class Pretended:
    """A process that does what a test says when it is looked at."""

    def __init__(self, name, job, log, act):
        self.pid, self.asked, self._act = name, False, act
        self._job, self._log = job, log

    def poll(self):
        return self._act(self._job, self._log, self.asked)


def finish(job, log, asked):
    job.product.write_text('{}')
    return 0


def fail(job, log, asked):
    log.write_text('Traceback\nValueError: no\nerror: the loss is not finite\nbye\n')
    return 2


@pytest.fixture
def run(jobs, monkeypatch):
    """Function that runs a study whose jobs do what ``acts`` say; returns the outcomes and who was started."""
    monkeypatch.setattr(running, 'SECONDS_BETWEEN_LOOKS', 0)

    def run_it(acts=(), count=1, states=None, **said):
        found = jobs(**{'factors': {}, **said})
        begun, alive = [], {}

        def start(command, log, environment):
            name = command[0]
            begun.append(name)
            alive[name] = Pretended(name, found[name], log, dict(acts).get(name, finish))
            return alive[name]

        def send(name, number):
            assert number == signal.SIGTERM
            alive[name].asked = True

        monkeypatch.setattr(running, 'command', lambda job, launch: [job.name])
        monkeypatch.setattr(running, 'start', start)
        with monkeypatch.context() as patch:
            patch.setattr(os, 'kill', send)
            listed = list(found.values())
            run_it.begun = begun
            outcomes = run_jobs(listed, states_of(listed), Launch(), count, Watcher())
        return {name: outcome.word for name, outcome in outcomes.items()}, begun

    return run_it


def test_each_job_runs_once_behind_those_that_it_needs(run):
    outcomes, begun = run()
    assert begun == ['base', 'more', 'knn/untrained', 'knn/more']
    assert set(outcomes.values()) == {'finished'}
    assert run() == ({}, []), 'a finished stage is never run twice'
    assert read_record(Path('out/base')).status == DONE


def test_a_failure_leaves_out_what_needs_it_and_no_more(run):
    outcomes, begun = run(dict(base=fail))
    assert outcomes == {'base': 'failed', 'more': 'left out', 'knn/untrained': 'finished', 'knn/more': 'left out'}
    assert begun == ['base', 'knn/untrained']
    record = read_record(Path('out/base'))
    assert (record.status, record.message) == (FAILED, 'the loss is not finite')
    (Path('out/base') / 'epoch_1.pth').touch()
    assert run()[1] == ['base', 'more', 'knn/more'], 'the next start tries again'
    assert (Path('out/base') / 'epoch_1.pth').exists(), 'and goes on with what is there'


@pytest.mark.parametrize(
    ('code', 'why'), [(-9, 'ended by SIGKILL'), (0, 'left no "out/base/epoch_2.pth"'), (1, 'it ended without a word')]
)
def test_why_a_job_failed(run, code, why):
    outcomes, _ = run(dict(base=lambda job, log, asked: code))
    assert outcomes['base'] == 'failed'
    assert why in read_record(Path('out/base')).message


def test_what_changed_is_set_aside_and_what_was_broken_off_goes_on(run):
    def interrupted(job, log, asked):
        (job.folder / 'epoch_1.pth').touch()
        return fail(job, log, asked)

    run(dict(base=interrupted))
    change = {'base': {'train_cfg.max_epochs': '3'}}
    assert run(sets=change)[1] == ['base', 'more', 'knn/more']
    assert Path('out/base.superseded/epoch_1.pth').exists()
    assert not Path('out/base/epoch_1.pth').exists()
    assert run(sets=change) == ({}, [])


def edit(name, line):
    with Path(name).open('a') as file:
        file.write(line)


def test_a_recipe_that_is_edited_before_its_job_starts_is_not_run_under_the_planned_name(run):
    def edited(job, log, asked):
        edit('knn.py', "test_cfg['ks'] = (7,)\n")
        return finish(job, log, asked)

    outcomes, begun = run(dict(base=edited))
    assert begun == ['base', 'more']
    assert outcomes == {'base': 'finished', 'more': 'finished', 'knn/untrained': 'failed', 'knn/more': 'failed'}
    assert not Path('out/knn').exists(), 'what is there stays as it is'


@pytest.mark.parametrize('ran_before', [True, False])
def test_a_recipe_that_is_edited_while_its_job_runs_fails_what_ran_with_it(run, jobs, ran_before):
    """Whether the job has read it before tells the config that it has written down."""

    def edited(job, log, asked):
        before = job.cfg
        edit('mae.py', "train_cfg['val_interval'] = 7\n")
        (job.folder / '1/vis_data').mkdir(parents=True)
        (before if ran_before else replace(job).cfg).dump(job.folder / '1/vis_data/config.py')
        return finish(job, log, asked)

    outcomes, _ = run(dict(base=edited))
    record = read_record(Path('out/base'))
    if ran_before:
        assert (outcomes['base'], record.status) == ('finished', DONE)
        return
    assert (outcomes['base'], record.status) == ('failed', FAILED)
    assert record.message.startswith('its recipe was changed meanwhile: train_cfg.val_interval: (absent) -> 7; run')
    Path('mae.py').write_text(Path('mae.py').read_text().replace("train_cfg['val_interval'] = 7\n", ''))
    state = states_of([jobs(factors={})['base']])['base']
    assert (state.word, state.why) == (CHANGED, ['recipe: changed while it ran -> (absent)'])


def test_data_that_changes_reaches_what_builds_on_it(run, jobs, monkeypatch):
    data = {'data in train_dataloader.dataset.data_root': '1 files'}
    monkeypatch.setattr('sslrecipes.studies.identity.data_of', lambda cfg: dict(data) if cfg.get('train_cfg') else {})
    run()
    data['data in train_dataloader.dataset.data_root'] = '2 files'
    states = states_of(list(jobs(factors={}).values()))
    assert {name for name, state in states.items() if state.word == CHANGED} == {'base', 'more', 'knn/more'}
    assert states['base'].why == ['data in train_dataloader.dataset.data_root: 1 files -> 2 files']
    assert run()[1] == ['base', 'more', 'knn/more']
    assert run() == ({}, [])


def test_several_at_a_time_but_no_more_than_there_are_places(run):
    together, most = set(), []

    def slowly(job, log, asked):
        first = job.name not in together
        together.add(job.name)
        most.append(len(together))
        if first:
            return None
        together.remove(job.name)
        return finish(job, log, asked)

    names = ('base', 'more', 'knn/untrained', 'knn/more')
    outcomes, begun = run(dict.fromkeys(names, slowly), count=2)
    assert set(outcomes.values()) == {'finished'}
    assert begun == ['base', 'knn/untrained', 'more', 'knn/more']
    assert max(most) == 2


def test_a_request_to_stop_reaches_the_jobs_and_the_next_start_goes_on(run):
    def until_asked(job, log, asked):
        signal.raise_signal(signal.SIGINT)  # Ctrl-C, more than once
        (job.folder / 'epoch_1.pth').touch()
        return 143 if asked else None

    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(SystemExit) as end:
        run(dict(base=until_asked))
    assert end.value.code == 143
    assert run.begun == ['base'], 'nothing begins after a request'
    assert signal.getsignal(signal.SIGINT) is before
    assert read_record(Path('out/base')).status == STARTED
    assert run()[1] == ['base', 'more', 'knn/untrained', 'knn/more']
    assert Path('out/base/epoch_1.pth').exists()


def test_a_job_that_ends_well_after_a_request_is_finished(run):
    def in_time(job, log, asked):
        signal.raise_signal(signal.SIGTERM)
        return finish(job, log, asked) if asked else None

    with pytest.raises(SystemExit):
        run(dict(base=in_time))
    assert run()[1][0] == 'more'


def test_a_full_disk_is_one_sentence_and_stops_the_others_with_a_checkpoint(run, monkeypatch):
    ends = []

    def until_asked(job, log, asked):
        ends.append(asked)
        return 143 if asked else None

    def full(folder, record):
        if record.status == FAILED:
            raise StorageError('No space left on device.')
        write(folder, record)

    write = running.write_record
    monkeypatch.setattr(running, 'write_record', full)
    with pytest.raises(StorageError, match='No space left'):
        run({'base': until_asked, 'knn/untrained': fail}, count=2)
    assert ends[-1] is True
    monkeypatch.undo()


def test_what_was_run_by_hand_is_remembered(run, jobs):
    job = jobs(factors={})['base']
    (job.folder / '1/vis_data').mkdir(parents=True)
    job.cfg.dump(job.folder / '1/vis_data/config.py')
    job.product.touch()
    assert run()[1] == ['more', 'knn/untrained', 'knn/more']
    assert read_record(job.folder).status == DONE


@pytest.mark.parametrize(
    ('visible', 'gpus', 'shares'),
    [(None, 1, ['0', '1', '2']), ('5,7,6', 2, ['5,7', '6,5', '7,6']), ('', 1, ['0', '1'])],
)
def test_places_share_cores_and_gpus(monkeypatch, visible, gpus, shares):
    monkeypatch.delenv('OMP_NUM_THREADS', raising=False)
    monkeypatch.setattr(os, 'cpu_count', lambda: 8)
    monkeypatch.setattr(running.torch.cuda, 'device_count', lambda: 3)
    if visible is None:
        monkeypatch.delenv('CUDA_VISIBLE_DEVICES', raising=False)
    else:
        monkeypatch.setenv('CUDA_VISIBLE_DEVICES', visible)
    workers = Workers(len(shares), gpus)
    environments = [workers.environment(place) for place in workers.free]
    assert [one['CUDA_VISIBLE_DEVICES'] for one in environments] == shares
    assert {one['OMP_NUM_THREADS'] for one in environments} == {str(8 // len(shares))}
