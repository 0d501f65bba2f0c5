"""What every recipe of configs/*/transfer/ promises: from the checkpoint of a recipe to a detector or segmentor."""

import math
from pathlib import Path

import pytest
import torch

from sslrecipes.commands.config_check import check_components
from sslrecipes.engine.nonfinite.recorded_model import plain_model
from sslrecipes.zoo.naming import parse_name

NO_CARD_NEEDED = 'quickstart'
#: The shift that the batch norm behind it takes out again: its gradient is zero but for rounding.
WITHOUT_EFFECT = '.conv.2.bn.bias'


@pytest.fixture(scope='session')
def pretraining_of(resolve):
    """Function to the config that wrote ``work_dirs/<its name>/epoch_N.pth``; None for a file from elsewhere."""

    def find(cfg):
        checkpoint = Path(cfg.transfer.checkpoint or '')
        return resolve(checkpoint.parent.name) if checkpoint.parts[:1] == ('work_dirs',) else None

    return find


@pytest.fixture
def cfg(transfer, resolve):
    """Resolved config of the recipe; shared, not to be changed."""
    return resolve(transfer)


@pytest.fixture
def card(transfer, cards, configs):
    """Card of the recipe; None for one that needs none."""
    return cards.get(transfer) if NO_CARD_NEEDED in Path(configs[transfer]).parts else cards[transfer]


def test_every_type_is_registered_and_every_keyword_exists(cfg):
    check_components(cfg)


def test_a_recorded_step_can_be_replayed_without_the_recipe(cfg):
    plain_model(cfg.model)


def test_name_agrees_with_config(transfer, cfg):
    assert parse_name(transfer).disagreements(cfg) == []


def test_card_agrees_with_config(card, cfg):
    assert card is None or card.disagreements(cfg) == []


def test_checkpoint_is_the_last_of_its_pretraining(cfg, pretraining_of):
    pretraining = pretraining_of(cfg)
    if pretraining is not None:
        assert Path(cfg.transfer.checkpoint).name == f'epoch_{pretraining.train_cfg.max_epochs}.pth'


def test_model_is_built_at_real_size(cfg, card, size_of):
    size = size_of(cfg)
    assert card is None or size == card.parameters


def test_recipe_trains_from_the_checkpoint_of_its_pretraining(cfg, outcome_of):
    logs, odd = outcome_of(cfg)
    assert all(math.isfinite(value) for log in logs for value in log.values())
    assert [name for name in odd if not name.endswith(WITHOUT_EFFECT)] == []


def test_every_pretraining_has_a_detector_and_a_segmentor(pretraining, cards, configs, resolve, transferred):
    """But for those of the quickstart, which compares one of them with random weights, and for ablations.

    A system whose pre-trainings have none yet may begin without; and pre-trainings on small data sets serve the
    classification of these.
    """
    if NO_CARD_NEEDED in Path(configs[pretraining]).parts or cards[pretraining].collection not in transferred:
        return
    if parse_name(pretraining).dataset != 'in1k':
        return
    card = cards[pretraining]
    scopes = {cfg.default_scope for cfg in map(resolve, card.downstream) if cfg.get('transfer')}
    ablation = card.options and not card.downstream
    assert ablation or scopes == {'mmdet', 'mmseg'}, 'name rows of a detector and a segmentor under Downstream'


@pytest.fixture(scope='session')
def transferred(cards, configs):
    """Systems with detectors or segmentors."""
    return {card.collection for name, card in cards.items() if 'transfer' in Path(configs[name]).parts}


@pytest.fixture(scope='session')
def size_of(tiny_transfer):
    """Function that builds a config's model at real size, without its values; returns the number of parameters."""
    sizes = {}

    def size(cfg):
        model = repr(cfg.model)
        if model not in sizes:
            with tiny_transfer.without_memory():
                sizes[model] = sum(parameter.numel() for parameter in tiny_transfer.build(cfg).parameters())
        return sizes[model]

    return size


@pytest.fixture(scope='session')
def outcome_of(tiny, tiny_transfer, pretraining_of, tmp_path_factory):
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
