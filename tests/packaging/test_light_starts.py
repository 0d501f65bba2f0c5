"""What the Python tools say before torch is imported."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MAE = 'configs/mae/mae_vit-base-p16_8xb512-amp-coslr-300e_in1k.py'
FINE_TUNING = 'configs/mae/benchmarks/vit-base-p16_mae-1600e-pre_8xb128-amp-coslr-100e_in1k.py'
KNN = 'configs/mae/benchmarks/vit-base-p16_mae-1600e-pre_knn_in1k.py'
REPORT = """
import atexit, runpy, sys
atexit.register(lambda: print('HEAVY', sorted({'torch', 'mmcv', 'mmpretrain'} & set(sys.modules)), file=sys.stderr))
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name='__main__')
"""


def run(tool, *arguments):
    """Run a tool in a child process: exit code, output, its lines of errors; none of it may import torch."""
    command = [sys.executable, '-c', REPORT, f'tools/{tool}', *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    *errors, heavy = done.stderr.splitlines()
    assert heavy == 'HEAVY []'
    return done.returncode, done.stdout, errors


@pytest.mark.parametrize(
    ('tool', 'arguments', 'sentence'),
    [
        (
            'train.py',
            [MAE, '--cfg-options', 'train_dataloader.batchsize=8'],
            'DataLoader has no argument "batchsize". Did you mean "batch_size"? (set by --cfg-options)',
        ),
        (
            'train.py',
            [MAE, '--cfg-options', 'train_dataloader.num_workers=0'],
            'num_workers of at least 1. (set in configs/_base_/datasets/in1k_train.py:8 and by --cfg-options)',
        ),
        ('train.py', [MAE, '--work-dir', 'setup.py/run'], 'error: The work dir "setup.py/run" can not be made: '),
        ('train.py', [KNN], 'has no train_cfg: use tools/test.py'),
        ('train.py', ['configs/mae/mae_vit-base_300e.py'], 'Did you mean "configs/mae/mae_vit-base-p16'),
        ('test.py', [FINE_TUNING], 'give its CHECKPOINT'),
        ('test.py', [FINE_TUNING, 'no.pth'], 'error: There is no checkpoint "no.pth".'),
        ('test.py', [MAE], 'has no test_dataloader'),
        ('evaluate_knn.py', [KNN, 'no.pth'], 'error: There is no checkpoint or folder "no.pth".'),
        ('print_config.py', [MAE, '--only', 'modle'], 'Did you mean "model"?'),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2_without_torch(tool, arguments, sentence):
    code, _, errors = run(tool, *arguments)
    assert code == 2
    assert len(errors) == 1
    assert sentence in errors[0]


@pytest.mark.parametrize('tool', ['convert_checkpoint.py', 'export_backbone.py', 'check_data.py', 'make_subset.py'])
def test_help_comes_without_torch(tool):
    assert run(tool, '--help')[0] == 0


def test_print_config_names_file_and_override():
    code, printed, _ = run('print_config.py', MAE, '--cfg-options', 'train_cfg.val_interval=5')
    assert code == 0
    rows = {line.split()[0]: line.split()[1:] for line in printed.splitlines() if line}
    assert rows['optim_wrapper.optimizer.lr'] == [
        '0.0024',
        'configs/_base_/schedules/mae/adamw_bs4096_coslr_pretrain.py:6',
    ]
    assert rows['train_dataloader.batch_size'] == ['512', f'{MAE}:8']
    assert rows['model.backbone.mask_ratio'][1].startswith('mmpretrain::_base_/models/mae_vit-base-p16.py:')
    assert rows['train_cfg.val_interval'] == ['5', '--cfg-options']


def test_print_config_of_one_part_as_json():
    code, printed, _ = run('print_config.py', MAE, '--only', 'train_cfg.max_epochs', '--format', 'json')
    assert code == 0
    assert json.loads(printed) == [
        {
            'place': 'train_cfg.max_epochs',
            'value': 300,
            'source': 'configs/_base_/schedules/mae/adamw_bs4096_coslr_pretrain.py',
            'line': 11,
        }
    ]
