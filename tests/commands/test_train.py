"""A training, called as a user calls it."""

import time

import pytest

from sslrecipes.checkpoint.coverage import compare
from sslrecipes.checkpoint.files.reading import _unpickle
from sslrecipes.checkpoint.files.sealing import check_content
from sslrecipes.config.validation.schema import check_schema
from sslrecipes.zoo.facts import facts


def test_training_leaves_checkpoints_and_scalars_and_resumes(call, config, tmp_path, calls):
    done = calls(check_schema, facts, compare, _unpickle, check_content)
    call('train.py', config)
    assert done == {'check_schema': 1}
    folder = tmp_path / 'work_dirs' / 'mae_digits'
    assert (folder / 'epoch_2.pth').exists()
    options = ['train_cfg.max_epochs=3']
    with pytest.raises(SystemExit):
        call('train.py', config, '--resume', '--amp', '--cfg-options', *options)
    done.clear()
    call('train.py', config, '--resume', '--accept-changes', '--amp', '--cfg-options', *options)
    # process 0 chooses a file by what it tells of its run, then each process reads all of it
    assert done == {'check_schema': 1, 'compare': 1, '_unpickle': 2, 'check_content': 2}
    assert (folder / 'epoch_3.pth').exists()
    assert not (folder / 'epoch_4.pth').exists()


def test_same_command_begins_with_weights_and_goes_on_without(call, config, tmp_path, capfd, first_log, calls):
    call('train.py', config, '--work-dir', 'before')
    time.sleep(1)  # in one process, runs of the same second would share their log
    options = ['--resume', '--work-dir', 'run', '--cfg-options', f'load_from={tmp_path}/before/epoch_2.pth']
    done = calls(check_schema, compare, _unpickle, check_content)
    call('train.py', config, *options)
    assert done == {'check_schema': 1, 'compare': 1, '_unpickle': 1, 'check_content': 1}
    assert 'Resumed' not in (first := capfd.readouterr().err + first_log(tmp_path / 'run'))
    assert 'weights of MAE loaded' in first
    time.sleep(1)
    (tmp_path / 'run' / 'epoch_2.pth').unlink()
    call('train.py', config, *options)
    assert any('Resumed from' in file.read_text() for file in (tmp_path / 'run').glob('*/*.log'))


def test_a_finished_run_is_told_and_left_alone(call, config, tmp_path, files_in, capsys):
    call('train.py', config)
    folder = tmp_path / 'work_dirs' / 'mae_digits'
    before = files_in(folder)
    call('train.py', config, '--resume')
    assert 'is finished, nothing is left to do: ' in capsys.readouterr().out
    shorter = ['train_cfg.max_epochs=1', 'param_scheduler.warmup_epochs=0']
    call('train.py', config, '--resume', '--accept-changes', '--cfg-options', *shorter)
    assert 'train_cfg.max_epochs=1. No file was changed.' in capsys.readouterr().out
    assert files_in(folder) == before


def test_a_recipe_of_the_package_is_a_base(call, tmp_path, capsys):
    name = 'mae_vit-nano-p16_1xb64-coslr-20e_photo-tiles-96px.py'
    (tmp_path / 'ablation.py').write_text(
        f"_base_ = 'sslrecipes::quickstart/{name}'\nmodel = dict(head=dict(norm_pix=False))"
    )
    call('train.py', tmp_path / 'ablation.py', '--dry-run')
    assert 'FLOPs per image' in capsys.readouterr().out


def test_a_missing_module_of_a_project_is_named(call, tmp_path, capsys):
    (tmp_path / 'mine.py').write_text("custom_imports = dict(imports=['not_there.at_all'])")
    with pytest.raises(SystemExit) as stop:
        call('train.py', tmp_path / 'mine.py')
    assert stop.value.code == 2
    assert 'PYTHONPATH' in capsys.readouterr().err


def test_dry_run_trains_nothing(call, config, tmp_path, capsys):
    call('train.py', config, '--dry-run')
    assert 'FLOPs per image' in capsys.readouterr().out
    assert not list(tmp_path.rglob('*.pth'))


@pytest.mark.parametrize(
    ('arguments', 'sentence'),
    [
        (['--cfg-options', 'model.backbone.mask_ration=0.5'], '"mask_ration". Did you mean "mask_ratio"'),
        (['--cfg-options', 'modle.backbone.mask_ratio=0.5'], 'no key "modle". Did you mean "model"'),
        (['--dry-run', '--cfg-options', 'param_scheduler.warmup_epochs=2'], 'warmup_epochs=2 must be less than'),
        (['--cfg-options', 'randomness.sed=1'], 'randomness: there is no option "sed". Did you mean "seed"'),
        (['--cfg-options', 'model.backbone.mask_ratio=1.5'], 'mask_ratio'),
        (['--resume', 'nowhere.pth'], 'There is no checkpoint "nowhere.pth"'),
        (['--auto-scale-lr'], 'base_batch_size'),
        (['--cfg-options', 'train_dataloader.dataset.type=ImageNet'], 'ImageNet'),
    ],
)
def test_mistakes_are_one_sentence_and_exit_code_2(call, config, capsys, arguments, sentence):
    with pytest.raises(SystemExit) as stop:
        call('train.py', config, *arguments)
    assert stop.value.code == 2
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert error.startswith('error: ')
    assert sentence in error


def test_missing_weights_are_found_before_anything_is_built(call, config, capsys):
    config.write_text(
        config.read_text() + "model['backbone']['init_cfg'] = dict(type='Pretrained', checkpoint='no.pth')"
    )
    with pytest.raises(SystemExit) as stop:
        call('train.py', config)
    assert stop.value.code == 2
    assert 'model.backbone.init_cfg.checkpoint: there is no file "no.pth"' in capsys.readouterr().err
    call('train.py', config, '--dry-run')
    assert 'MISSING' in capsys.readouterr().out


def test_so_are_those_of_the_whole_model(call, config, tmp_path, capsys):
    with pytest.raises(SystemExit):
        call('train.py', config, '--cfg-options', 'load_from=no.pth')
    assert 'There is no checkpoint "no.pth"' in capsys.readouterr().err
    assert not (tmp_path / 'work_dirs').exists()


def test_missing_config_names_the_nearest(call, config, capsys):
    with pytest.raises(SystemExit) as stop:
        call('train.py', config.with_name('mae_digit.py'))
    assert stop.value.code == 2
    assert 'Did you mean' in capsys.readouterr().err


def test_a_config_that_is_fine_is_said_to_be(call, config, evaluation, capsys):
    for tool, file in (('train.py', config), ('test.py', evaluation)):
        call(tool, file, '--check')
        assert capsys.readouterr().out == f'{file} is fine: nothing to complain of.\n'
