import sys

import pytest

from sslrecipes.studies.launching import Launch, command, last_words


@pytest.mark.parametrize('launcher', ['none', 'pytorch', 'slurm'])
def test_command_lines(jobs, launcher):
    found = jobs(factors={})
    launch = Launch(launcher, gpus=4, partition='gpu', accept_changes=launcher == 'none')
    words = command(found['more'], launch)
    start = {
        'none': [sys.executable, 'train.py', 'mae.py', '--work-dir', 'out/more'],
        'pytorch': ['bash', 'dist_train.sh', 'mae.py', '4', '--work-dir', 'out/more'],
        'slurm': ['bash', 'slurm_train.sh', 'gpu', 'more', 'mae.py', 'out/more'],
    }[launcher]
    rest = ['--resume', *(['--accept-changes'] if launcher == 'none' else []), '--cfg-options']
    assert [words[0], words[1].rpartition('/')[2], *words[2:-2]] == start + rest
    assert words[-2:] == ['optim_wrapper.optimizer.lr=0.0005', 'load_from=out/base/epoch_2.pth']


def test_tests_have_the_checkpoint_as_argument_and_write_metrics(jobs):
    found = jobs(factors={})
    words = command(found['knn/more'], Launch())
    assert words[2:4] == ['knn.py', 'out/more/epoch_2.pth']
    assert words[words.index('--out') + 1] == 'out/knn/more/metrics.json'
    assert command(found['knn/more'], Launch('pytorch', 2))[2:5] == ['knn.py', 'out/more/epoch_2.pth', '2']
    alone = command(found['knn/untrained'], Launch('pytorch', 2))
    assert alone[0] == sys.executable, 'dist_test.sh needs a checkpoint'
    assert alone[2:4] == ['knn.py', '--work-dir']


@pytest.mark.parametrize(
    ('log', 'words'),
    [
        ('', 'it ended without a word'),
        ('a\n\nb \n \n', 'b'),
        ('error: no disk\nbye', 'no disk'),
        ('Traceback:\n  x\nValueError: odd\nbye', 'ValueError: odd'),
    ],
)
def test_last_words(log, words):
    assert last_words(log) == words
