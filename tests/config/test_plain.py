import math
from pathlib import Path

import pytest

from sslrecipes.config.provenance import settings
from sslrecipes.config.reading import read_config
from sslrecipes.errors import ConfigError

CONFIG = """
import enum
import numpy as np
from collections import OrderedDict, namedtuple
from datetime import datetime
from fractions import Fraction
from functools import partial
from pathlib import Path
from mmengine.registry import Registry
_base_ = 'base.py'

class Mine:
    pass

made = Mine()
half = partial(print, 1)
helpers = dict(of=[Mine()])
norm = dict(type=Registry)
work_dir = Path('/data') / 'run'
load_from = None
experiment_name = f'{datetime.now():%Y}'
resume = np.bool_(True)
model = dict(_delete_=True, head=dict(_delete_=True, topk=np.array(3)))
optim_wrapper = dict(optimizer=dict(lr=np.sqrt(4.0), betas=(np.float32(0.5), Fraction(1, 4)), eps=-np.inf))
train_dataloader = dict(batch_size=np.int64(4), dataset=OrderedDict(indices=range(3), ann_file=Path('b')))
Pair = namedtuple('Pair', 'a b')
custom_hooks = [dict(type=Registry, size=Pair(1, 2), mode=enum.IntEnum('Mode', 'A B').B)]
"""


@pytest.fixture
def mine(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'base.py').write_text("from pathlib import Path\ndata_root = Path('x')\ntrain_dataloader = dict()\n")
    path = tmp_path / 'mine.py'
    path.write_text(CONFIG)
    return path


def test_what_has_a_plain_value_gets_it_and_helpers_are_left_out(mine):
    cfg = read_config(mine)
    assert cfg.to_dict() == dict(
        data_root='x',
        train_dataloader=dict(batch_size=4, dataset=dict(indices=[0, 1, 2], ann_file='b')),
        norm=dict(type='mmengine.registry.registry.Registry'),
        work_dir='/data/run',
        load_from=None,
        experiment_name=cfg.experiment_name,
        resume=True,
        model=dict(head=dict(topk=3)),
        optim_wrapper=dict(optimizer=dict(lr=2.0, betas=(0.5, 0.25), eps=-math.inf)),
        custom_hooks=[dict(type='mmengine.registry.registry.Registry', size=(1, 2), mode=2)],
    )
    leaves = [cfg.optim_wrapper.optimizer.lr, cfg.train_dataloader.batch_size, cfg.resume, cfg.custom_hooks[0]['size']]
    assert [type(leaf) for leaf in leaves] == [float, int, bool, tuple]


def test_the_copy_of_a_config_reads_back_to_the_same(mine, tmp_path):
    cfg = read_config(mine)
    cfg.dump(tmp_path / 'copy.py')
    assert read_config(tmp_path / 'copy.py').to_dict() == cfg.to_dict()


def test_a_value_made_plain_keeps_its_origin(mine):
    found = settings(mine)
    assert str(found['data_root'].origin) == 'base.py:2'
    assert str(found['optim_wrapper.optimizer.lr'].origin) == 'mine.py:24'


@pytest.mark.parametrize(
    ('text', 'sentence'),
    [
        ('class A: pass\nmodel = dict(type=A)', 'model.type is the class A, which a config can not hold: put it into'),
        ('model = dict(type=dict)', 'model.type is the class dict, which a config can not hold: put it into'),
        ('model = dict(norm=[object()])', 'model.norm[0] is an object of object, which a config can not hold: give'),
        ('import functools\nmodel = dict(x=functools.partial(print))', 'model.x is an object of functools.partial'),
        ('import numpy\nmodel = dict(x=numpy.ones(2))', 'model.x is an object of numpy.ndarray, which a config can'),
        ('import datetime\nrandomness = datetime.date(2024, 1, 1)', 'randomness is an object of datetime.date, '),
        ('model = dict(f=lambda x: x)', 'model.f is an object of function, which a config can not hold: put it into'),
        ('model = map(int, [])', 'model is an object of map'),
    ],
    ids=str,
)
def test_what_has_no_plain_value_is_named(tmp_path, text, sentence):
    (tmp_path / 'mine.py').write_text(text)
    with pytest.raises(ConfigError) as caught:
        read_config(tmp_path / 'mine.py')
    assert str(caught.value).startswith(sentence)


def test_a_name_that_python_can_not_have_is_refused(tmp_path):
    (tmp_path / 'mine.yaml').write_text('no name: 1\n')
    with pytest.raises(ConfigError, match='"no name" is no name that an option can have'):
        read_config(Path(tmp_path / 'mine.yaml'))
