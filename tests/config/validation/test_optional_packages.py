import sys

import pytest
from mmengine.config import Config
from mmengine.visualization import vis_backend

from sslrecipes.config.validation.optional_packages import PACKAGES, is_installed
from sslrecipes.config.validation.schema import check_schema
from sslrecipes.errors import ConfigError

BACKENDS = [name for name in vars(vis_backend) if name.endswith('VisBackend')]


@pytest.mark.parametrize('name', sorted({*BACKENDS, *PACKAGES} - {'BaseVisBackend', 'LocalVisBackend'}))
def test_a_missing_package_is_named_with_the_command_that_installs_it(name, monkeypatch):
    module, package = PACKAGES[name]
    cfg = Config(dict(model=dict(type='MAE', neck=dict(type=f'mmengine.{name}')), visualizer=dict(type='X')))
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ConfigError) as caught:
        check_schema(cfg)
    assert str(caught.value) == (
        f'model.neck: mmengine.{name} needs the package "{module}", which is not installed: '
        f'run `pip install {package}`.'
    )
    assert caught.value.places == ('model.neck.type',)


def test_a_tracker_is_found_wherever_it_stands(monkeypatch):
    monkeypatch.setitem(sys.modules, 'wandb', None)
    for visualizer in (
        dict(vis_backends=[dict(type='LocalVisBackend'), dict(type='WandbVisBackend')]),
        dict(vis_backends=dict(type='WandbVisBackend')),
    ):
        with pytest.raises(ConfigError, match='`pip install wandb`'):
            check_schema(Config(dict(model=dict(type='MAE'), visualizer=dict(type='Visualizer', **visualizer))))


def test_what_is_installed_passes(monkeypatch):
    assert is_installed('tensorboard')
    assert is_installed('sys')
    assert not is_installed('no_such_module')
    monkeypatch.setitem(sys.modules, 'without_spec', type(sys)('without_spec'))
    assert is_installed('without_spec')
    check_schema(Config(dict(model=dict(type='MAE'), visualizer=dict(vis_backends=[dict(type='LocalVisBackend')]))))
