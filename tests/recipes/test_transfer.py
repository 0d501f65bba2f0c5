"""What every file under configs/*/transfer/ promises: from the checkpoint of a recipe to a detector or segmentor."""

import math
from functools import cache
from pathlib import Path

import pytest
import torch

from sslrecipes.commands.config_check import check_config
from sslrecipes.config.loading import load_config
from sslrecipes.engine.nonfinite.recorded_model import plain_model
from sslrecipes.zoo import facts, parse_name

ROOT = Path(__file__).resolve().parents[2]
TRANSFERS = sorted(
    path.relative_to(ROOT).as_posix() for path in ROOT.glob('configs/*/transfer/*.py') if '_base_' not in path.parts
)
PRETRAININGS = sorted(path.relative_to(ROOT).as_posix() for path in ROOT.glob('configs/[!_]*/*.py'))
NO_CARD_NEEDED = 'quickstart'
#: The shift that the batch norm behind it takes out again: its gradient is zero but for rounding.
WITHOUT_EFFECT = '.conv.2.bn.bias'

of_each_transfer = pytest.mark.parametrize('transfer', TRANSFERS, ids=lambda path: Path(path).stem)


@cache
def resolved(path):
    return load_config(ROOT / path)


def pretraining_of(cfg):
    """Config that wrote ``work_dirs/<its name>/epoch_N.pth``; None for a file from elsewhere, or none at all."""
    checkpoint = Path(cfg.transfer.checkpoint or '')
    if checkpoint.parts[:1] != ('work_dirs',):
        return None
    (path,) = (path for path in PRETRAININGS if Path(path).stem == checkpoint.parent.name)
    return resolved(path)


@pytest.fixture
def card(transfer, cards):
    """Card of the recipe; None for one that needs none."""
    return cards.get(transfer) if NO_CARD_NEEDED in Path(transfer).parts else cards[transfer]


@of_each_transfer
def test_every_type_is_registered_and_every_keyword_exists(transfer):
    check_config(resolved(transfer))


@of_each_transfer
def test_a_recorded_step_can_be_replayed_without_the_recipe(transfer):
    plain_model(resolved(transfer).model)


@of_each_transfer
def test_file_name_agrees_with_config(transfer):
    assert parse_name(transfer).disagreements(resolved(transfer)) == []


@of_each_transfer
def test_card_agrees_with_config(transfer, card):
    found = facts(resolved(transfer))
    assert card is None or card.disagreements(found) == []


@of_each_transfer
def test_checkpoint_is_the_last_of_its_pretraining(transfer):
    pretraining = pretraining_of(resolved(transfer))
    if pretraining is not None:
        assert Path(resolved(transfer).transfer.checkpoint).name == f'epoch_{pretraining.train_cfg.max_epochs}.pth'


@of_each_transfer
def test_model_is_built_at_real_size(transfer, card, size_of):
    size = size_of(resolved(transfer))
    assert card is None or size == card.parameters


@of_each_transfer
def test_recipe_trains_from_the_checkpoint_of_its_pretraining(transfer, outcome_of):
    logs, unchanged = outcome_of(resolved(transfer))
    assert all(math.isfinite(value) for log in logs for value in log.values())
    assert [name for name in unchanged if not name.endswith(WITHOUT_EFFECT)] == []


@pytest.mark.parametrize('scope', ['mmdet', 'mmseg'])
@pytest.mark.parametrize('source', PRETRAININGS, ids=lambda path: Path(path).stem)
def test_every_pretraining_has_a_detector_and_a_segmentor(source, scope):
    """But for those of the quickstart, which compares one of them with random weights."""
    heirs = [cfg for cfg in map(resolved, TRANSFERS) if f'/{Path(source).stem}/' in (cfg.transfer.checkpoint or '')]
    assert NO_CARD_NEEDED in Path(source).parts or scope in {cfg.default_scope for cfg in heirs}


@pytest.fixture(scope='session')
def size_of(tiny_transfer):
    """Function that builds a config's model at real size, without its values; returns the number of parameters."""

    @cache
    def size(path):
        with tiny_transfer.without_memory():
            model = tiny_transfer.build(resolved(path))
        return sum(parameter.numel() for parameter in model.parameters())

    built = {}
    return lambda cfg: size(built.setdefault(repr(cfg.model), cfg.filename))


@pytest.fixture(scope='session')
def outcome_of(tiny, tiny_transfer, tmp_path_factory):
    """Function that trains the tiny version of a config; recipes that are equal at tiny size share the outcome."""
    outcomes, pretrained = {}, {}

    def outcome(cfg):
        small = tiny_transfer.shrink(cfg, tiny)
        pretraining, width = pretraining_of(cfg), tiny_transfer.resnet_width(cfg)
        folder = tmp_path_factory.mktemp('pretrained')
        source = pretraining and tiny_transfer.tiny_pretraining(pretraining, width, tiny, folder)
        origin = source and (source.model.type, source.model.backbone)
        from_file = cfg.transfer.checkpoint is not None
        key = repr((small.model, small.optim_wrapper, small.transfer.part, origin, from_file))
        if key not in outcomes:
            checkpoint = None
            if source is not None:
                if repr(origin) not in pretrained:
                    pretrained[repr(origin)] = tiny_transfer.pretrained(source)
                checkpoint = pretrained[repr(origin)]
            torch.manual_seed(0)
            if source is None and from_file:
                checkpoint = tiny_transfer.torchvision_file(small, folder)
            outcomes[key] = tiny_transfer.train(small, checkpoint)
        return outcomes[key]

    return outcome
