"""The two command lines over checkpoints: conversion and export."""

import importlib.util
import os
from pathlib import Path

import pytest
import torch

from sslrecipes.checkpoint.files.reading import read_checkpoint
from sslrecipes.checkpoint.files.writing import save_torch


class Evil:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (os.system, (f'touch {self.path}',))


@pytest.fixture
def tool():
    """``tool('export_backbone')``: the ``main`` of tools/export_backbone.py."""

    def load(name):
        path = Path(__file__).parents[2] / 'tools' / f'{name}.py'
        spec = importlib.util.spec_from_file_location(f'tools_{name}', path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module.main

    return load


@pytest.fixture
def tec(tmp_path, official):
    save_torch(tmp_path / 'tec.pth', {'model': official('tec/pretrain', 'state/student/')})
    return str(tmp_path / 'tec.pth')


def test_convert_there_and_back(tmp_path, tool, tec, capsys):
    ours, back = str(tmp_path / 'ours.pth'), str(tmp_path / 'back.pth')
    tool('convert_checkpoint')([tec, ours, '--from', 'tec'])
    tool('convert_checkpoint')([ours, back, '--from', 'ours', '--to', 'tec'])
    first, last = read_checkpoint(tec)['model'], read_checkpoint(back)['model']
    assert list(first) == list(last)
    assert all(torch.equal(first[name], last[name]) for name in first)
    assert capsys.readouterr().out == f'Wrote {ours}.\nWrote {back}.\n'


def test_what_is_left_out_is_named_and_many_names_are_counted(tmp_path, tool, capsys):
    """S3L's BYOL has a classifier that nothing uses; of a whole BYOL of ours only the online encoder has its place."""
    norm = ('weight', 'bias', 'running_mean', 'running_var')
    layers = ['0.weight', '0.bias', *(f'1.{leaf}' for leaf in norm), '3.weight', '3.bias']
    stem = ['encoder_q.conv1.weight', *(f'encoder_q.bn1.{leaf}' for leaf in norm)]
    online = [*stem, 'encoder_q.fc.weight', *(f'projector.net.{name}' for name in layers)]
    ours, back = str(tmp_path / 'ours.pth'), str(tmp_path / 'back.pth')
    save_torch(tmp_path / 'byol.pth', {'state_dict': {name: torch.ones(2, 2) for name in online}, 'epoch': 800})
    tool('convert_checkpoint')([str(tmp_path / 'byol.pth'), ours])
    assert capsys.readouterr().out == f'Wrote {ours}. Left out: encoder_q.fc.weight.\n'
    state = read_checkpoint(ours)['state_dict']
    teacher = {f'teacher.{name}': value for name, value in state.items()}
    predictor = {f'head.predictor.mlp.0.{leaf}': torch.ones(2, 2) for leaf in ('weight', 'bias')}
    save_torch(tmp_path / 'run.pth', {'state_dict': state | teacher | predictor})
    tool('convert_checkpoint')([str(tmp_path / 'run.pth'), back, '--to', 's3l-byol'])
    assert capsys.readouterr().out == f'Wrote {back}. Left out: teacher.* (13), {", ".join(predictor)}.\n'
    assert set(read_checkpoint(back)['state_dict']) == set(online) - {'encoder_q.fc.weight'}


def test_export(tmp_path, tool, tec, capsys):
    out = tmp_path / 'a.safetensors'
    tool('export_backbone')([tec, str(out), '--no-final-norm'])
    assert 'cls_token: baked' in capsys.readouterr().out
    assert 'ln1.weight' not in read_checkpoint(out)['state_dict']


@pytest.mark.parametrize(
    ('name', 'options'),
    [
        ('convert_checkpoint', ['--from', 'tec']),
        ('convert_checkpoint', ['--to', 'mae']),
        ('convert_checkpoint', ['--channel-first']),
        ('export_backbone', []),
        ('export_backbone', ['--format', 'official']),
        ('export_backbone', ['--format', 'torchvision']),
    ],
)
def test_a_file_is_not_written_over_itself(tmp_path, tool, tec, capsys, name, options):
    (tmp_path / 'link.pth').symlink_to(tec)
    before = Path(tec).read_bytes()
    for out in (tec, str(tmp_path / 'link.pth')):
        with pytest.raises(SystemExit, match='2'):
            tool(name)([tec, out, *options])
        assert capsys.readouterr().err == f'error: "{out}" is read and would be written over: give another OUT.\n'
    assert Path(tec).read_bytes() == before


def truncated(path):
    path.write_bytes(path.read_bytes()[:2000])


def hostile(path):
    torch.save({'model': {'w': torch.ones(1)}, 'x': Evil(path.with_name('sentinel'))}, path)


@pytest.mark.parametrize('spoil', [truncated, hostile, Path.unlink])
@pytest.mark.parametrize('name', ['convert_checkpoint', 'export_backbone'])
def test_spoilt_file_is_one_sentence_and_exit_code_2(tmp_path, tool, tec, capsys, spoil, name):
    spoil(Path(tec))
    with pytest.raises(SystemExit) as caught:
        tool(name)([tec, str(tmp_path / 'out.pth')])
    assert caught.value.code == 2
    error = capsys.readouterr().err
    assert error.startswith('error: ')
    assert 'tec.pth' in error
    assert error.count('\n') == 1
    assert not (tmp_path / 'out.pth').exists()
    assert not (tmp_path / 'sentinel').exists()


@pytest.mark.parametrize(
    ('name', 'options', 'sentence'),
    [
        ('convert_checkpoint', ['--from', 'tce'], 'There is no family "tce", but ours, '),
        (
            'export_backbone',
            ['--format', 'tim'],
            'There is no export format "tim", but safetensors, pth, ',
        ),
    ],
)
def test_an_unknown_word_lists_the_known_ones(tool, tec, capsys, name, options, sentence):
    with pytest.raises(SystemExit, match='2'):
        tool(name)([tec, 'out', *options])
    error = capsys.readouterr().err
    assert error.startswith(f'error: {sentence}')
    assert 'Did you mean "t' in error


def test_wrong_family_is_exit_code_2(tmp_path, tool, tec, capsys):
    with pytest.raises(SystemExit) as caught:
        tool('convert_checkpoint')([tec, str(tmp_path / 'out.pth'), '--from', 'mae'])
    assert caught.value.code == 2
    assert capsys.readouterr().err == f'error: "{tec}": it holds weights of family "tec", not "mae".\n'
