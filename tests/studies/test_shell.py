import runpy
import subprocess
from pathlib import Path

import pytest

from sslrecipes.studies.launching import Launch
from sslrecipes.studies.shell import shell_script

TOOL = Path(__file__).resolve().parents[2] / 'tools' / 'run_study.py'
ARGV = ['tools/run_study.py', 'small.py', '--set', 'a=(1, 2)', '--print-commands']


@pytest.mark.parametrize('launcher', ['none', 'pytorch', 'slurm'])
def test_bash_understands_it_and_it_ends_with_the_report(study, jobs, launcher):
    script = shell_script(study(), list(jobs().values()), Launch(launcher, gpus=8, partition='gpu'), ARGV)
    assert subprocess.run(['bash', '-n'], input=script, text=True, check=False).returncode == 0
    assert "tools/run_study.py small.py --set 'a=(1, 2)'" in script.splitlines()[-1].replace("'\"'\"'", "'")
    assert '--print-commands' not in script


def test_slurm_runs_each_behind_those_that_it_needs(study, jobs):
    found = list(jobs(factors={}).values())
    script = shell_script(study(factors={}), found, Launch('slurm', gpus=8, partition='gpu'), ARGV)
    calls = """
sbatch() { echo "sbatch $*" >&2; count=$(($(cat count 2>/dev/null || echo 0) + 1)); echo $count | tee count; }
"""
    ran = subprocess.run(['bash'], input=calls + script, capture_output=True, text=True, check=True)
    lines = [line for line in ran.stderr.splitlines() if line.startswith('sbatch')]
    depends = [line.partition('--dependency ')[2].split(' ')[0] for line in lines]
    assert depends == ['', 'afterok:1', '', 'afterok:2', 'afterany:1:2:3:4']
    assert lines[-1].endswith('--report-only'), 'the last job starts no training, and comes whatever failed'
    assert all('--partition gpu' in line for line in lines)
    assert ['--gres gpu:8' in line for line in lines] == [True, True, False, False, False]
    assert 'GPUS=8 bash ' in lines[0]
    assert 'slurm_train.sh gpu base mae.py out/base --resume' in lines[0]
    assert 'srun python ' in lines[3]


def test_options_are_not_abbreviated(capsys):
    parse_args = runpy.run_path(str(TOOL))['parse_args']
    with pytest.raises(SystemExit):
        parse_args(['small.py', '--print-com'])  # which its own script would hand on
    assert 'unrecognized arguments: --print-com' in capsys.readouterr().err
