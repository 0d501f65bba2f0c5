"""Recipes under ``configs/``, resolved once, and the tools to make them tiny."""

import importlib.util
import sys
from functools import cache
from pathlib import Path

import pytest

from sslrecipes.config.image_size import at_size
from sslrecipes.config.kinds import recipes_below
from sslrecipes.config.loading import load_config
from sslrecipes.zoo.cards import read_index
from sslrecipes.zoo.naming import image_size

ROOT = Path(__file__).resolve().parents[2]
#: Rows of the metafiles by name; several may share a config.
CARDS = {card.name: card for card in read_index(ROOT)}
#: Config of each recipe by its name: those of the cards, and the files that no card names.
CONFIGS = {name: card.config for name, card in CARDS.items()} | {
    path.stem: path.relative_to(ROOT).as_posix()
    for path in recipes_below(ROOT)
    if path.relative_to(ROOT).as_posix() not in {card.config for card in CARDS.values()}
}
TRANSFERS = sorted(name for name, config in CONFIGS.items() if 'transfer' in Path(config).parts)  # see test_transfer.py
RECIPES = sorted(CONFIGS.keys() - TRANSFERS)
COLLECTIONS = sorted({card.collection for card in CARDS.values()})
PRETRAININGS = [name for name in RECIPES if len(Path(CONFIGS[name]).parts) == 3]


def pytest_generate_tests(metafunc):
    names = {'recipe': RECIPES, 'transfer': TRANSFERS, 'pretraining': PRETRAININGS, 'collection': COLLECTIONS}
    for fixture in names.keys() & set(metafunc.fixturenames):
        metafunc.parametrize(fixture, names[fixture])
    if 'method' in metafunc.fixturenames:
        metafunc.parametrize('method', sorted(trained()))
    if 'pretrained' in metafunc.fixturenames:
        metafunc.parametrize('pretrained', sorted(pretrained_methods()))


@cache
def resolved(name):
    return CARDS[name].load(ROOT) if name in CARDS else load_config(ROOT / CONFIGS[name])


@pytest.fixture
def cfg(recipe):
    """Resolved config of the recipe; shared, not to be changed."""
    return resolved(recipe)


@pytest.fixture(scope='session')
def resolve():
    """Function from a recipe's name to its resolved config; shared, not to be changed."""
    return resolved


@pytest.fixture(scope='session')
def root():
    """The repository."""
    return ROOT


@pytest.fixture(scope='session')
def configs():
    """Path of each recipe's config, relative to the repository, by the recipe's name."""
    return CONFIGS


@pytest.fixture(scope='session')
def cards():
    """All recipe cards by their name."""
    return CARDS


@pytest.fixture(scope='session')
def methods():
    """Config of one recipe for each class of model that is trained, and for each variant that runs other code."""
    return trained()


@pytest.fixture
def representative(pretrained):
    """Name of the recipe for a method, ``pretrained``."""
    return pretrained_methods()[pretrained]


@pytest.fixture
def pretraining_at(representative):
    """Function from the side of the pictures to the config of the recipe for a method."""
    return lambda side: at_size(resolved(representative), side)


@pytest.fixture(scope='session')
def tiny():
    """Module ``tiny.py`` of this folder."""
    return load(Path(__file__).with_name('tiny.py'))


@pytest.fixture(scope='session')
def tiny_transfer():
    """Module ``tiny_transfer.py`` of this folder."""
    return load(Path(__file__).with_name('tiny_transfer.py'))


@pytest.fixture(scope='session')
def tiny_upstream():
    """Module ``tiny_upstream.py`` of this folder."""
    return load(Path(__file__).with_name('tiny_upstream.py'))


@pytest.fixture(scope='session')
def restarting():
    """Module ``restarting.py`` of this folder."""
    return load(Path(__file__).with_name('restarting.py'))


@cache
def trained():
    """Config of one recipe for each trained class of model and each variant that runs other code, by its name.

    DINO has two: a CNN with BatchNorms, LARS and a fixed gain; and a ViT with a schedule of the weight decay; and MoCo
    v3: a CNN with LARS, and a ViT whose first layer is frozen. CNNs are
    ResNets where there is one: they have half as many weights as MobileNets, all of them read and written at each kill.
    Recipes with local views are preferred to those without.
    """
    training = [cfg for cfg in map(resolved, RECIPES) if cfg.get('train_cfg')]
    best_last = sorted(training, key=lambda cfg: (cfg.model.backbone.type != 'MobileNetV2', has_locals(cfg)))
    return {method_of(cfg): cfg for cfg in best_last}


def has_locals(cfg):
    pipeline = cfg.train_dataloader.dataset.get('pipeline') or []
    return any(transform.get('num_locals', 0) > 0 for transform in pipeline)


def method_of(cfg):
    name, backbone = cfg.model.type, cfg.model.backbone
    variants = {
        f'{name} with ViT': name in ('DINO', 'MoCoV3') and backbone.type in ('DINOViT', 'MoCoV3ViT'),
        f'{name} without conv5': name == 'MoCo' and backbone.get('num_stages') == 3,
        f'{name} with class token': name == 'MAEPriv' and backbone.get('with_cls_token'),
        f'{name} with {backbone.type}': backbone.type == 'MAEPrivFineTuneViT',
    }
    return next((variant for variant, found in variants.items() if found), name)


@cache
def pretrained_methods():
    """Name of a recipe on pictures of 224 px for each method, and for each kind of views and backbone that it has."""
    names = [name for name in PRETRAININGS if image_size(resolved(name)) == 224]
    return {parts_of(resolved(name)): name for name in reversed(names)}


def parts_of(cfg):
    backbone, steps = cfg.model.backbone, cfg.train_dataloader.dataset.pipeline
    locals_ = any(step.get('num_locals') for step in steps)
    kind = f'patches of {backbone.patch_size}' if 'img_size' in backbone else f'{backbone.get("num_stages", 4)} stages'
    return f'{cfg.model.type}{" and local crops" * locals_}, {kind}'


def load(path):
    spec = importlib.util.spec_from_file_location(f'recipes_{path.stem}', path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module
