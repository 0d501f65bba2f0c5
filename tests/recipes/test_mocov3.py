"""MoCo v3's recipes against what the authors publish."""

import pytest
import torch
from mmengine.optim import build_optim_wrapper
from torch import nn

LINEAR = 'https://github.com/facebookresearch/moco-v3/blob/main/CONFIG.md'
#: CONFIG.md and README: network, epochs of pre-training, linear top-1, after fine-tuning.
PUBLISHED = [
    ('resnet50', 100, 68.9, None),
    ('resnet50', 300, 72.8, None),
    ('resnet50', 1000, 74.6, None),
    ('vit-small-12-heads', 300, 73.2, 81.4),
    ('vit-base', 300, 76.7, 83.2),
]
#: The commands of transfer/README.md: data set, weight decay, drop path, mixup, cutmix, accuracy.
TRANSFERS = [
    ('cifar10-224px', 0.1, 0.1, 0.8, 1.0, 98.9),
    ('cifar100-224px', 0.1, 0.1, 0.5, 1.0, 90.5),
    ('flowers102', 0.3, 0.1, None, None, 97.7),
    ('pets', 0.1, 0.0, 0.8, None, 93.2),
]
TRANSFER = 'vit-base-p16_mocov3-300e-pre_8xb128-amp-coslr-100e_'
FINE_TUNED = [
    *(f'{TRANSFER}{data[0]}' for data in TRANSFERS),
    *(f'vit-{size}-p16_mocov3-300e-pre_8xb128-amp-coslr-150e_in1k' for size in ('small', 'base')),
]


@pytest.fixture
def own(cards):
    return [card for card in cards.values() if card.collection == 'MoCo v3']


@pytest.mark.parametrize(('arch', 'epochs', 'linear', 'finetuned'), PUBLISHED)
def test_each_published_row_has_its_recipes(own, cards, arch, epochs, linear, finetuned):
    said = {'arch': arch, 'epochs': epochs, 'effective_batch': 4096}
    (pretraining,) = [card for card in own if said.items() <= card.recipe.items()]
    assert (pretraining.reported.value, pretraining.reported.source) == (linear, LINEAR)
    on_imagenet = [cards[name] for name in pretraining.downstream if name.endswith('in1k')]
    by_optimizer = {card.recipe['optimizer']: card.reported.value for card in on_imagenet}
    assert by_optimizer == {'SGD': linear, **({'AdamW': finetuned} if finetuned else {})}


@pytest.mark.parametrize(('name', 'decay', 'drop_path', 'mixup', 'cutmix', 'accuracy'), TRANSFERS)
def test_small_data_sets_are_fine_tuned_as_by_the_commands(
    cards, resolve, name, decay, drop_path, mixup, cutmix, accuracy
):
    cfg, card = resolve(f'{TRANSFER}{name}'), cards[f'{TRANSFER}{name}']
    assert card.reported.value == accuracy
    assert cfg.optim_wrapper.optimizer.weight_decay == decay
    assert cfg.optim_wrapper.optimizer.lr == pytest.approx(3e-4 * 8 * 128 / 512)
    assert cfg.model.backbone.drop_path_rate == drop_path
    augments = (cfg.model.train_cfg or {}).get('augments', [])
    assert {one.type: one.alpha for one in augments} == {
        kind: alpha for kind, alpha in (('Mixup', mixup), ('CutMix', cutmix)) if alpha
    }
    assert cfg.model.head.loss.label_smooth_val == 0.1
    assert cfg.model.head.num_classes == cfg.data_preprocessor.num_classes
    assert [step.type for step in cfg.train_dataloader.dataset.pipeline][1:] == [
        *('RandomResizedCrop', 'RandomFlip', 'PackInputs'),
    ]


@pytest.mark.parametrize('name', FINE_TUNED)
def test_the_class_token_is_classified_as_by_deit(name, resolve):
    cfg = resolve(name)
    backbone, head = cfg.model.backbone, cfg.model.head
    assert (backbone.out_type, backbone.final_norm, head.init_cfg.std) == ('cls_token', True, 0.02)
    assert not backbone.init_cfg.ignore
    assert cfg.train_dataloader.drop_last
    assert [group['weight_decay'] > 0 for group in groups_of(cfg)] == [False, False, True, False, False, False]


@pytest.mark.parametrize('size', ['base-p16_64xb64', 'small-p16_32xb128', 'small-p16_8xb128'])
def test_pretraining_of_vits_decays_all_that_is_trained(size, resolve):
    assert [group['weight_decay'] for group in groups_of(resolve(f'mocov3_vit-{size}-amp-coslr-300e_in1k'))] == [
        0.1
    ] * 6


def groups_of(cfg):
    """Optimizer's group of each parameter: class token, positions, weight and bias of a layer, those of a norm."""
    model = nn.Sequential(nn.Linear(4, 4), nn.LayerNorm(4))
    model.cls_token, model.pos_embed = (nn.Parameter(torch.zeros(1, length, 4)) for length in (1, 5))
    amp = ('dtype', 'loss_scale')
    full = {key: value for key, value in cfg.optim_wrapper.to_dict().items() if key not in amp}
    wrapper = build_optim_wrapper(model, dict(full, type='OptimWrapper'))
    found = {id(parameter): group for group in wrapper.param_groups for parameter in group['params']}
    return [found[id(parameter)] for parameter in model.parameters()]


def test_pretrained_backbones_fit_whatever_starts_from_them(own, cards, resolve, tiny):
    """By name, shape and number of heads."""
    for card in own:
        pretrained = tiny.build_model(tiny.shrink(resolve(card.name))).backbone if card.downstream else None
        shapes = {name: value.shape for name, value in pretrained.state_dict().items()} if pretrained else {}
        for name in card.downstream:
            backbone = tiny.build_model(tiny.shrink(resolve(name))).backbone
            assert {key: value.shape for key, value in backbone.state_dict().items()} == shapes, name
            assert cards[name].recipe['arch'] == card.recipe['arch'], name
