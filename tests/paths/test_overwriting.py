import os
import re

import pytest
from mmengine.config import Config

from sslrecipes.config.inputs import config_inputs
from sslrecipes.errors import StorageError
from sslrecipes.paths.overwriting import refuse_overwriting


@pytest.fixture(autouse=True)
def files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv('HOME', str(tmp_path))
    (tmp_path / 'in.pth').write_text('input')
    (tmp_path / 'other.pth').write_text('other')
    (tmp_path / 'link.pth').symlink_to('in.pth')
    os.link('in.pth', 'hard.pth')


@pytest.mark.parametrize('out', ['in.pth', './in.pth', '~/in.pth', 'link.pth', 'hard.pth'])
@pytest.mark.parametrize('given', ['in.pth', 'link.pth', '~/hard.pth'])
def test_an_output_that_is_an_input_is_refused_under_any_name(out, given):
    sentence = f'"{out}" is read and would be written over: give another OUT.'
    with pytest.raises(StorageError, match=f'^{re.escape(sentence)}$'):
        refuse_overwriting(['https://host/in.pth', 'a\0b', given], 'new.pth', out)


def test_other_files_may_be_written_over_and_inputs_need_not_be_there():
    refuse_overwriting(['in.pth', 'absent.pth'], 'other.pth', 'new.pth', 'absent.pth')
    refuse_overwriting(iter(()), 'in.pth')
    refuse_overwriting(['.'], '.')


@pytest.mark.parametrize('out', ['mine.py', 'base.py', 'in.pth', 'data/list.txt'])
def test_a_config_reads_its_files_and_what_it_names(tmp_path, out):
    (tmp_path / 'data').mkdir()
    (tmp_path / 'data/list.txt').write_text('')
    (tmp_path / 'base.py').write_text("load_from = 'in.pth'\n")
    dataset = "dict(type='CustomDataset', data_root='data', ann_file='list.txt')"
    (tmp_path / 'mine.py').write_text(f"_base_ = 'base.py'\ntest_dataloader = dict(dataset={dataset})\n")
    inputs = [*config_inputs(Config.fromfile('mine.py'))]
    refuse_overwriting(inputs, 'other.pth')
    with pytest.raises(StorageError, match='is read and would be written over'):
        refuse_overwriting(inputs, out)
