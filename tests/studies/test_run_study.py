import json
import runpy
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from fixtures.digit_study import write_small_study

from sslrecipes.errors import CheckpointError, ConfigError, DataError, StorageError
from sslrecipes.studies import running
from sslrecipes.studies.run_study import Wishes, overrides, run_study

TOOL = Path(__file__).resolve().parents[2] / 'tools' / 'run_study.py'
MORE = ['more', 'more_seed-1', 'knn/more', 'knn/more_seed-1']


@pytest.fixture(scope='module')
def done(tmp_path_factory):
    """Folder in which the small study was run, by processes of its own."""
    folder = tmp_path_factory.mktemp('study')
    write_small_study(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        run_study('small.py', Wishes(at_once=2))
    return folder


@pytest.fixture
def here(done, tmp_path, monkeypatch):
    """A copy of that folder, where we are."""
    shutil.copytree(done, tmp_path / 'here')
    monkeypatch.chdir(tmp_path / 'here')


@pytest.fixture
def begun(monkeypatch):
    """Names of the jobs that are started, and do nothing but end with an exit code."""
    names = []

    class Failed:
        pid = None

        def poll(self):
            return 2

    def start(command, log, environment):
        names.append(str(log.parent.relative_to('work_dirs/small')))
        log.write_text('error: no such luck\n')
        return Failed()

    monkeypatch.setattr(running, 'start', start)
    return names


def call(monkeypatch, *args):
    """Run the tool with a command line; returns its exit code."""
    monkeypatch.setattr(sys, 'argv', [str(TOOL), *args])
    try:
        runpy.run_path(str(TOOL), run_name='__main__')
    except SystemExit as end:
        return end.code
    return 0


def test_the_table_has_the_untrained_network_and_every_seed(done):
    results = json.loads((done / 'work_dirs/small/results.json').read_text())
    assert [row['network'] for row in results['rows']] == ['untrained', 'base', 'more']
    untrained, base, more = (row['figures'] for row in results['rows'])
    assert 0 < untrained['k-NN']['mean'] < more['k-NN']['mean'] <= 100
    assert len(set(more['k-NN']['values'])) == len(set(untrained['k-NN']['values'])) == 2
    assert base['k-NN']['mean'] is None
    assert set(results['stages'].values()) == {'finished'}
    assert 'seconds' not in more
    assert results['times']['rows'][2]['seconds']['mean'] > 0
    for name in ('report.html', 'report.md'):
        assert (done / 'work_dirs/small' / name).is_file()


def test_nothing_is_done_twice_and_the_table_stays(here, begun):
    before = json.loads(Path('work_dirs/small/results.json').read_text())
    run_study('small.py', Wishes())
    assert begun == []
    assert json.loads(Path('work_dirs/small/results.json').read_text()) == before


def test_a_changed_override_runs_what_depends_on_it_and_tells(here, begun, monkeypatch, capsys):
    assert call(monkeypatch, 'small.py', '--set', 'more:train_cfg.max_epochs=1') == 1
    assert begun == ['more', 'more_seed-1']
    out, err = capsys.readouterr()
    assert 'more is done anew: train_cfg.max_epochs: 2 -> 1' in out
    assert err.startswith(
        'error: more failed: no such luck; more_seed-1 failed: no such luck; left out for that: knn/more'
    )
    assert (Path('work_dirs/small/more.superseded') / 'epoch_2.pth').is_file(), 'nothing is lost'
    stages = json.loads(Path('work_dirs/small/results.json').read_text())['stages']
    assert {name for name, word in stages.items() if word != 'finished'} == set(MORE)


def test_only_and_seeds_choose(here, begun, monkeypatch, capsys):
    shutil.rmtree('work_dirs')
    assert call(monkeypatch, 'small.py', '--only', 'more', '--seeds', '1') == 1
    assert begun == ['base']
    assert 'knn' not in capsys.readouterr().out.partition('started')[0].replace('knn.py', '')


def test_what_its_printed_commands_did_is_taken_over(tmp_path, begun, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    write_small_study(tmp_path)
    assert call(monkeypatch, 'small.py', '--seeds', '1', '--print-commands') == 0
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith('python ')]
    assert len(lines) == 5
    for line in lines:
        tool, *arguments = shlex.split(line)[1:]
        monkeypatch.setattr(sys, 'argv', [tool, *arguments])
        runpy.run_path(tool, run_name='__main__')
    assert begun == []
    results = json.loads(Path('work_dirs/small/results.json').read_text())
    assert [row['network'] for row in results['rows']] == ['untrained', 'base', 'more']


def test_a_plan_writes_nothing(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    write_small_study(tmp_path)
    run_study('small.py', Wishes(dry_run=True))
    assert '8 of 8 stages are left' in capsys.readouterr().out
    assert not Path('work_dirs').exists()


def test_a_second_study_in_a_folder_is_refused(here, begun, monkeypatch, capsys):
    code = "from sslrecipes.paths.ownership import claim; claim('work_dirs/small'); print('ready', flush=True); input()"
    first = subprocess.Popen([sys.executable, '-c', code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert first.stdout.readline() == 'ready\n'
        assert call(monkeypatch, 'small.py') == 2
    finally:
        first.communicate('\n')
    err = capsys.readouterr().err
    assert err.count('\n') == 1
    assert f'process {first.pid}' in err


@pytest.mark.parametrize(
    ('line', 'error', 'sentence'),
    [
        (
            "train_dataloader['dataset'] = dict(type='ImageFolder', data_root='nowhere', pipeline=[])",
            DataError,
            'base: .*nowhere',
        ),
        ("train_dataloader['dataset']['type'] = 'Digitz'", ConfigError, 'Digitz'),
        ("model['backbone']['no_such'] = 1", ConfigError, 'no_such'),
        (
            "model['backbone']['init_cfg'] = dict(type='Pretrained', checkpoint='no.pth')",
            CheckpointError,
            'base: .*no.pth',
        ),
        ("load_from = 'no.pth'", CheckpointError, 'no.pth'),
    ],
)
def test_what_would_stop_it_later_is_told_before_anything_starts(tmp_path, monkeypatch, begun, line, error, sentence):
    monkeypatch.chdir(tmp_path)
    write_small_study(tmp_path)
    with Path('mae.py').open('a') as file:
        file.write(line)
    with pytest.raises(error, match=sentence):
        run_study('small.py', Wishes())
    assert begun == []
    assert list(Path('work_dirs/small').glob('*')) == []


def test_a_released_checkpoint_that_is_not_there(tmp_path, monkeypatch, begun):
    monkeypatch.chdir(tmp_path)
    write_small_study(tmp_path)
    stages, evaluations = dict(released=dict(checkpoint='no.pth')), dict(knn=dict(recipe='knn.py'))
    Path('other.py').write_text(f"title = 'x'\nstages = {stages}\nevaluations = {evaluations}\n")
    with pytest.raises(CheckpointError, match=r'knn/released needs "no.pth" as the checkpoint: there is no such file'):
        run_study('other.py', Wishes())
    assert begun == []


def test_a_checkpoint_thrown_away_a_full_disk_and_a_folder_in_use(here, begun, monkeypatch):
    Path('work_dirs/small/knn/more/metrics.json').unlink()
    Path('work_dirs/small/more/epoch_2.pth').unlink()
    with pytest.raises(CheckpointError, match=r'knn/more needs .*more/epoch_2.pth", but more, which is finished'):
        run_study('small.py', Wishes())
    monkeypatch.setattr(shutil, 'disk_usage', lambda path: shutil._ntuple_diskusage(10**9, 10**9, 1000))
    with pytest.raises(StorageError, match=r'has only 0.0 GB left'):
        run_study('small.py', Wishes(sets=['base:train_cfg.max_epochs=1']))
    Path('file').touch()
    with pytest.raises(StorageError):
        run_study('small.py', Wishes(work_dir=Path('file')))
    assert begun == []


@pytest.mark.parametrize(
    ('wishes', 'sentence'),
    [
        (dict(seeds=0), '--seeds must be at least 1'),
        (dict(seeds=10**10), '--seeds must be at most 10,000, not 10,000,000,000'),
        (dict(at_once=0), '--jobs must be at least 1'),
        *(
            (dict(rate=float(text)), f'--gflops must be .* above 0, not {text}')
            for text in ('nan', 'inf', '0.0', '-1.0')
        ),
        (dict(only=['bse']), 'no stage "bse". Did you mean "base"?'),
        (dict(sets=['lr']), 'is no \\[STAGE:\\]KEY=VALUE'),
        (dict(sets=['bas:lr=1']), 'no stage "bas". Did you mean "base"?'),
        (dict(sets=['no.such=1']), 'no recipe of the study has "no.such"'),
    ],
)
def test_wishes_that_can_not_be_met(tmp_path, monkeypatch, wishes, sentence):
    monkeypatch.chdir(tmp_path)
    write_small_study(tmp_path)
    with pytest.raises(ConfigError, match=sentence):
        run_study('small.py', Wishes(dry_run=True, **wishes))


def test_ctrl_c_while_the_plan_is_made_is_no_traceback(tmp_path, monkeypatch, capsys):
    def interrupted(*args):
        raise KeyboardInterrupt

    monkeypatch.chdir(tmp_path)
    write_small_study(tmp_path)
    monkeypatch.setattr('sslrecipes.studies.run_study.jobs_of', interrupted)
    assert call(monkeypatch, 'small.py', '--dry-run') == 130
    assert capsys.readouterr().err == ''


def test_overrides_without_a_stage_concern_all_that_have_their_key(study):
    small = study()
    assert set(overrides(small, ['train_cfg.max_epochs=1'])) == {'base', 'more'}
    assert set(overrides(small, ['test_cfg.ks=(1,)'])) == {'knn'}
    assert overrides(small, ['more:a=b=c', 'more:x=1']) == {'more': {'a': 'b=c', 'x': '1'}}
