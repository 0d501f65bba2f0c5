"""The recipe cards as a whole."""

import re
from pathlib import Path

import pytest
import torch

from sslrecipes.commands.recipe_costs import recipe_cost
from sslrecipes.zoo.metafile import read_metafile

# sail-sg/TEC, README, "TEC Performance": base model, network, epochs of pre-training, top-1
PUBLISHED_TEC = [
    ('checkpoints/mae_pretrain_vit_base.pth', 'vit-base', 300, 84.7),
    ('checkpoints/mae_pretrain_vit_base.pth', 'vit-base', 800, 84.8),
    ('checkpoints/mae_pretrain_vit_large.pth', 'vit-large', 300, 86.5),
    ('checkpoints/ibot_vit-base-p16_teacher.pth', 'vit-base', 300, 84.8),
    ('checkpoints/ibot_vit-base-p16_teacher.pth', 'vit-base', 800, 85.1),
    ('work_dirs/mae_vit-base-p16_8xb512-amp-coslr-300e_in1k/epoch_300.pth', 'vit-base', 100, 83.9),
]

NOT_TRAINED = ('target_generator', 'teacher', 'momentum_encoder')


@pytest.mark.parametrize(('base', 'arch', 'epochs', 'top1'), PUBLISHED_TEC)
def test_each_row_of_the_tec_table_has_its_two_recipes(cards, base, arch, epochs, top1):
    row = {'base': base, 'arch': arch, 'epochs': epochs}
    pretrain = next(card for card in cards.values() if row.items() <= card.recipe.items())
    finetune = next(card for card in cards.values() if card.name in pretrain.downstream and card.reported)
    assert pretrain.reported.value == finetune.reported.value == top1
    assert finetune.recipe['arch'] == arch


def test_names_are_those_of_the_files_unless_these_are_shared(cards):
    for card in cards.values():
        alone = card.name == Path(card.config).stem
        assert alone != bool(card.options), card.name


def test_a_shared_config_is_a_recipe_itself(cards, configs):
    assert {Path(card.config).stem for card in cards.values()} <= set(configs)


def test_recipes_that_share_a_config_differ(cards):
    settings = [repr((card.config, sorted(card.overrides.items()))) for card in cards.values()]
    assert len(set(settings)) == len(settings)


def test_published_rows_have_a_file_of_their_own(cards):
    assert [card.name for card in cards.values() if card.reported and card.options] == []


def test_downstream_recipes_start_from_the_last_checkpoint(cards):
    for card in cards.values():
        last = f'work_dirs/{card.name}/epoch_{card.recipe.get("epochs")}.pth'
        assert [cards[name].recipe['checkpoint'] for name in card.downstream] == [last] * len(card.downstream)


def test_heads_start_from_the_checkpoint_of_their_backbone(cards, resolve):
    of_heads = [card for card in cards.values() if 'model.head.init_cfg.prefix' in card.recipe]
    for card in of_heads:
        assert resolve(card.name).model.head.init_cfg.checkpoint == card.recipe['checkpoint'], card.name
    assert of_heads


def test_pretrainings_name_all_that_start_from_them(cards):
    downstream = [name for card in cards.values() for name in card.downstream]
    starts = [name for name, card in cards.items() if card.recipe.get('checkpoint', '').startswith('work_dirs/')]
    assert sorted(downstream) == sorted(starts)


def test_every_metafile_is_in_the_index(root):
    indexed = read_metafile(root / 'model-index.yml')['Import']
    assert sorted(indexed) == sorted(path.relative_to(root).as_posix() for path in root.glob('configs/*/metafile.yml'))


def test_numbers_of_parameters_are_those_of_the_models(cards, resolve, tiny, collection):
    counts = {}
    for card in cards.values():
        if card.collection == collection and 'transfer' not in Path(card.config).parts:
            cfg = resolve(card.name)
            network = re.sub(r"'init_cfg': {[^{}]*}", '', repr(cfg.model))  # whatever file it starts from
            if network not in counts:
                counts[network] = count_of(tiny, cfg)
            assert counts[network] == card.parameters, card.name


def count_of(tiny, cfg):
    with torch.device('cpu' if cfg.model.backbone.type == 'ResNet' else 'meta'):  # mmpretrain's reads a tensor
        model = tiny.build_model(cfg)
    names = [name for name, _ in model.named_children() if name not in NOT_TRAINED]
    return sum(p.numel() for name in names for p in getattr(model, name).parameters())


def test_the_cost_of_a_step_is_what_the_card_says(representative, resolve, cards):
    """One recipe of each method; ``python tests/long/card_costs.py`` looks at all."""
    if flops := cards[representative].flops:
        cfg = resolve(representative)
        assert recipe_cost(cfg).per_image(cfg) == pytest.approx(flops, rel=1e-3)


def test_costs_of_small_pictures_are_shares_of_those_at_224_px(cards):
    small = [card for card in cards.values() if card.relative_cost != 1]
    pairs = [(card, cards.get(card.name.removesuffix('-112px'))) for card in small]
    for card, usual in [(card, usual) for card, usual in pairs if usual and usual.flops]:
        assert card.flops == pytest.approx(card.relative_cost * usual.flops, rel=1e-3), card.name
    assert small
