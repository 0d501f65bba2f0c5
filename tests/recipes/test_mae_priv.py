"""The recipes of MAE-priv against the official YAML files, code and table of results."""

import copy
import math
from argparse import Namespace

import pytest
import torch
from mmengine.optim import build_optim_wrapper

from sslrecipes.commands.launch import apply_arguments
from sslrecipes.registry import MODELS, PARAM_SCHEDULERS
from sslrecipes.zoo.facts import facts

SOURCE = 'https://github.com/BUPT-PRIV/MAE-priv'
# size -> official name, width, depth, patch; decoder's width, depth and heads; millions of parameters of encoder,
# decoder and all (the decoder without the projection and the mask token in front of it)
SIZES = {
    'small': ('S', 384, 12, 16, (192, 4, 3), (21.6, 1.9, 23.6)),
    'base': ('B', 768, 12, 16, (384, 4, 6), (85.6, 7.4, 93.3)),
    'large': ('L', 1024, 24, 16, (512, 8, 8), (303.1, 25.6, 329.2)),
    'huge': ('H', 1280, 32, 14, (512, 8, 8), (630.4, 25.5, 656.6)),
    'giant': ('G', 1664, 48, 14, (512, 8, 8), (1596.8, 25.5, 1623.2)),
}
# official file -> variant, size, epochs, epochs of warm-up
PRETRAINING = {
    'ViT-S_100E_Norm_GAP': ('gap', 'small', 100, 10),
    'ViT-S_100E_Norm_CLS-Token': ('cls', 'small', 100, 10),
    'ViT-S_200E_Norm_GAP': ('gap', 'small', 200, 20),
    'ViT-S_400E_Norm_GAP': ('gap', 'small', 400, 40),
    'ViT-S_800E_Norm_GAP': ('gap', 'small', 800, 40),
    'ViT-S_1600E_Norm_GAP': ('gap', 'small', 1600, 40),
    'ViT-B_400E_Norm_GAP': ('gap', 'base', 400, 40),
    'ViT-L_100E_Norm_GAP': ('gap', 'large', 100, 10),
    'ViT-L_100E_Norm_GAP_wo_norm': ('gap-raw', 'large', 100, 10),
    'ViT-H_100E_Norm_GAP': ('gap', 'huge', 100, 10),
    'ViT-G_100E_Norm_GAP': ('gap', 'giant', 100, 10),
}
# pre-training -> top-1 after fine-tuning by epochs, of the linear probe, and of 10 neighbours
REPORTED = {
    ('gap', 'small', 100): ({50: 76.58}, 34.65, 19.7),
    ('cls', 'small', 100): ({50: 75.77}, 38.95, 23.7),
    ('gap', 'small', 200): ({50: 76.86}, 36.46, 19.8),
    ('gap', 'small', 400): ({50: 77.56, 100: 80.02, 150: 80.89}, 36.98, 20.8),
    ('gap', 'small', 800): ({50: 77.93, 100: 80.87, 150: 81.11}, 36.88, 20.7),
    ('gap', 'small', 1600): ({50: None}, None, None),
    ('gap', 'base', 400): ({100: 83.08}, None, 28.9),
    ('gap', 'large', 100): ({50: 83.51}, 58.90, 33.08),
    ('gap-raw', 'large', 100): ({50: None}, None, None),
}
PROBED = [('gap', 'small', 100), ('cls', 'small', 100), ('gap', 'base', 400)]  # by both official optimizers
OURS = [  # size, images per GPU and pass, epochs, end of the name, differences from the official settings
    ('huge', 64, 50, '', {'drop_path': 0.3}),
    ('giant', 32, 50, '', {'drop_path': 0.4}),
    ('base', 64, 100, '-384px', {'image_size': 384}),
    ('large', 32, 50, '-384px', {'image_size': 384}),
    ('large', 16, 50, '-512px', {'image_size': 512}),
]
PRETRAINING_SETTINGS = {
    'image_size': 224,
    'mask_ratio': 0.75,
    'batched_shuffle': True,
    'crop_scale': [0.08, 1.0],
    'crop_interpolation': 'bilinear',
    'effective_batch': 4096,
    'optimizer': 'AdamW',
    'base_lr': 1.5e-4,
    'lr': 2.4e-3,
    'betas': [0.9, 0.95],
    'weight_decay': 0.05,
    'amp': 'float16',
    'start_lr': 0.0,
    'final_lr': 0.0,
}
FINE_TUNING_SETTINGS = {
    'image_size': 224,
    'drop_path': 0.1,
    'mixup': 0.8,
    'cutmix': 1.0,
    'label_smoothing': 0.1,
    'crop_scale': [0.08, 1.0],
    'crop_interpolation': 'bicubic',
    'test_interpolation': 'bicubic',
    'effective_batch': 1024,
    'optimizer': 'AdamW',
    'base_lr': 1e-3,
    'lr': 4e-3,
    'betas': [0.9, 0.999],
    'weight_decay': 0.05,
    'layer_decay': 0.75,
    'amp': 'float16',
    'warmup_epochs': 10,
    'start_lr': 0.0,
    'final_lr': 1e-6,
}
PROBE_SETTINGS = {
    'image_size': 224,
    'final_norm': False,
    'feature_norm': True,
    'feature_norm_eps': 1e-5,
    'lr_scales': [1.0],
    'crop_scale': [0.08, 1.0],
    'crop_interpolation': 'bicubic',
    'test_interpolation': 'bicubic',
    'base_lr': 0.1,
    'momentum': 0.9,
    'weight_decay': 0.0,
    'epochs': 90,
    'warmup_epochs': 10,
    'start_lr': 0.0,
    'final_lr': 1e-6,
}
OPTIMIZERS = {
    'sgd': {'optimizer': 'SGD', 'nesterov': True, 'effective_batch': 4096, 'lr': 1.6},
    'lars': {'optimizer': 'LARS', 'adapt_without_decay': False, 'effective_batch': 16384, 'lr': 6.4},
    'true-lars': {'optimizer': 'LARS', 'adapt_without_decay': True, 'effective_batch': 16384, 'lr': 6.4},
}
KNN_SETTINGS = {
    'image_size': 224,
    'final_norm': False,
    'test_interpolation': 'bilinear',
    'neighbours': [10, 20, 100, 200],
    'knn_temperature': 0.07,
}


def vit(size):
    return f'vit-{size}-p{SIZES[size][3]}'


def pretraining(variant, size, epochs):
    return f'mae-priv-{variant}_{vit(size)}_8xb512-amp-coslr-{epochs}e_in1k'


def benchmark(row, tail):
    """Name of a recipe that starts from the pre-training ``row`` (variant, size, epochs)."""
    variant, size, epochs = row
    return f'{vit(size)}_mae-priv-{variant}-{epochs}e-pre{tail}_in1k'


def fine_tuning(row, epochs, extra=''):
    return benchmark(row, f'{extra}_8xb128-amp-coslr-{epochs}e')


def fine_tuning_of_ours(size, batch, epochs, tail):
    row = ('gap', size, 400 if size == 'base' else 100)
    path = benchmark(row, f'_8xb{batch}-accum{128 // batch}-amp-coslr-{epochs}e')
    return row, f'{path}{tail}'


def probe(row, optimizer):
    batch = 512 if optimizer == 'sgd' else 2048
    return benchmark(row, f'-{optimizer}_8xb{batch}-linear-coslr-90e')


def identity(row):
    """Facts of a benchmark that follow from its pre-training."""
    variant, size, epochs = row
    return {
        'arch': f'vit-{size}',
        'patch_size': SIZES[size][3],
        'class_token': variant == 'cls',
        'checkpoint': f'work_dirs/{pretraining(*row)}/epoch_{epochs}.pth',
    }


FINE_TUNINGS = [(row, epochs) for row, (results, *_) in REPORTED.items() for epochs in results]
PROBES = [(row, optimizer) for row in PROBED for optimizer in OPTIMIZERS]
PROBES += [(row, 'sgd') for row, (_, linear, _) in REPORTED.items() if linear and row not in PROBED]
NEIGHBOURS = {row: knn for row, (*_, knn) in REPORTED.items() if knn}


@pytest.mark.parametrize('official', PRETRAINING)
def test_pretraining_has_the_official_settings(official, resolve):
    variant, size, epochs, warmup = PRETRAINING[official]
    assert official.startswith(f'ViT-{SIZES[size][0]}_{epochs}E')
    width, depth, heads = SIZES[size][4]
    cfg = resolve(pretraining(variant, size, epochs))
    assert facts(cfg) == {
        **PRETRAINING_SETTINGS,
        'arch': f'vit-{size}',
        'patch_size': SIZES[size][3],
        'class_token': variant == 'cls',
        'norm_pix': variant != 'gap-raw',
        'decoder_width': width,
        'decoder_depth': depth,
        'epochs': epochs,
        'warmup_epochs': warmup,
    }
    assert cfg.model.neck.decoder_num_heads == heads == width // 64
    assert cfg.optim_wrapper.paramwise_cfg.to_dict() == dict(no_decay=('mask_token',))
    assert cfg.train_dataloader.drop_last
    assert cfg.default_hooks.checkpoint.keep_every == 20
    crop, flip = cfg.train_dataloader.dataset.pipeline[1:-1]
    assert (crop.backend, crop.scale, flip.prob) == ('pillow', 224, 0.5)


@pytest.mark.parametrize(('row', 'epochs'), FINE_TUNINGS, ids=str)
def test_fine_tuning_has_the_official_settings(row, epochs, resolve):
    cfg = resolve(fine_tuning(row, epochs))
    assert facts(cfg) == {**FINE_TUNING_SETTINGS, **identity(row), 'epochs': epochs}
    check_what_no_fact_tells(cfg, row)
    kinds = [step.type for step in cfg.train_dataloader.dataset.pipeline[1:-1]]
    assert kinds == ['RandomResizedCrop', 'RandomFlip', 'RandAugment']
    assert cfg.val_dataloader.batch_size == cfg.test_dataloader.batch_size == 192


def test_fine_tuning_with_erasing(resolve):
    row = ('gap', 'small', 100)
    cfg = resolve(fine_tuning(row, 50, '-erasing'))
    assert facts(cfg) == {**FINE_TUNING_SETTINGS, **identity(row), 'epochs': 50, 'random_erasing': 0.25}
    kinds = [step.type for step in cfg.train_dataloader.dataset.pipeline[1:-1]]
    assert kinds == ['RandomResizedCrop', 'RandomFlip', 'RandAugment', 'RandomErasing']


@pytest.mark.parametrize(('size', 'batch', 'epochs', 'tail', 'changes'), OURS)
def test_fine_tuning_of_ours_has_the_official_settings_otherwise(size, batch, epochs, tail, changes, resolve):
    row, path = fine_tuning_of_ours(size, batch, epochs, tail)
    cfg = resolve(path)
    assert facts(cfg) == {**FINE_TUNING_SETTINGS, **identity(row), 'epochs': epochs, **changes}
    check_what_no_fact_tells(cfg, row)
    side = cfg.model.backbone.img_size
    assert cfg.train_dataloader.dataset.pipeline[1].scale == side
    assert cfg.test_dataloader.dataset.pipeline[2].crop_size == cfg.val_dataloader.dataset.pipeline[2].crop_size == side
    assert cfg.val_dataloader.batch_size == 1.5 * batch


def check_what_no_fact_tells(cfg, row):
    """Head, parameter groups and augmentation of a fine-tuning from the pre-training ``row``."""
    backbone, head = cfg.model.backbone, cfg.model.head
    by_token = dict(out_type='cls_token', final_norm=True), ('ln1.',), ()
    by_mean = dict(out_type='avg_featmap', final_norm=False), (), ('ln2.',)
    pooling, fresh, ignored = by_token if row[0] == 'cls' else by_mean
    assert pooling.items() <= backbone.to_dict().items()
    assert (backbone.init_cfg.get('fresh', ()), backbone.init_cfg.ignore) == (fresh, ignored)
    assert backbone.init_cfg.prefix == 'backbone.'
    assert head.in_channels == SIZES[row[1]][1]
    assert head.init_cfg.to_dict() == dict(type='TruncNormal', layer='Linear', std=0.02 * 0.001)
    assert cfg.optim_wrapper.paramwise_cfg.no_decay == ('cls_token',)
    assert cfg.default_hooks.checkpoint.save_best == 'accuracy/top1'
    augment = cfg.train_dataloader.dataset.pipeline[3]
    assert (augment.policies, augment.num_policies, augment.magnitude_level, augment.magnitude_std) == (
        'timm_increasing',
        2,
        9,
        0.5,
    )
    assert cfg.train_dataloader.dataset.pipeline == cfg.train_pipeline


@pytest.mark.parametrize(('row', 'optimizer'), PROBES, ids=str)
def test_probe_has_the_official_settings(row, optimizer, resolve):
    cfg = resolve(probe(row, optimizer))
    assert facts(cfg) == {**PROBE_SETTINGS, **identity(row), **OPTIMIZERS[optimizer]}
    assert cfg.model.init_std == 0.01
    kinds = [step.type for step in cfg.train_dataloader.dataset.pipeline[1:-1]]
    assert kinds == ['RandomResizedCrop', 'RandomFlip']


def test_official_lars_is_momentum_sgd_and_the_true_one_is_not(resolve):
    steps = {}
    for optimizer in ('lars', 'true-lars'):
        wrapper = resolve(probe(('gap', 'small', 100), optimizer)).optim_wrapper.to_dict()
        model = torch.nn.Linear(3, 2)
        torch.nn.init.ones_(model.weight)
        before = {name: value.detach().clone() for name, value in model.named_parameters()}
        built = build_optim_wrapper(model, wrapper)
        for parameter in model.parameters():
            parameter.grad = torch.full_like(parameter, 2.0)
        built.step()
        steps[optimizer] = {name: (before[name] - value).mean().item() for name, value in model.named_parameters()}
    assert steps['lars'] == {'weight': pytest.approx(2 * 6.4), 'bias': pytest.approx(2 * 6.4)}
    # |weight| / |gradient| is 1 / 2, the trust coefficient 0.001; a bias has no ratio
    assert steps['true-lars'] == {'weight': pytest.approx(6.4 * 0.001, rel=1e-4), 'bias': pytest.approx(2 * 6.4)}


@pytest.mark.parametrize('row', NEIGHBOURS, ids=str)
def test_knn_has_the_official_settings(row, resolve):
    cfg = resolve(benchmark(row, '_knn'))
    assert facts(cfg) == {**KNN_SETTINGS, **identity(row)}
    views = [loader.dataset.pipeline for loader in (cfg.test_dataloader, cfg.test_cfg.bank)]
    assert views[0] == views[1]
    resize, crop = views[0][1:3]
    assert (resize.backend, resize.edge, resize.scale, crop.crop_size) == ('pillow', 'short', 256, 224)
    assert (cfg.test_dataloader.dataset.split, cfg.test_cfg.bank.dataset.split) == ('val', 'train')


def test_reported_numbers(cards):
    mine = {name: card for name, card in cards.items() if card.collection == 'MAE-priv' and card.reported}
    expected = {}
    for row, (by_epochs, linear, knn) in REPORTED.items():
        expected |= {fine_tuning(row, epochs): value for epochs, value in by_epochs.items()}
        expected |= {pretraining(*row): next(iter(by_epochs.values())), benchmark(row, '_knn'): knn}
        expected |= {probe(row, 'sgd'): linear}
    assert {name: card.reported.value for name, card in mine.items()} == {k: v for k, v in expected.items() if v}
    assert {card.reported.source for card in mine.values()} == {SOURCE}


def test_ablation_gives_each_image_its_own_mask(resolve):
    name = 'mae-priv-gap-per-image-masks_vit-small-p16_8xb512-amp-coslr-100e_in1k'
    ablation, recipe = resolve(name), resolve(pretraining('gap', 'small', 100))
    assert facts(ablation) == {**facts(recipe), 'batched_shuffle': False}


@pytest.mark.parametrize('official', PRETRAINING)
def test_learning_rate_follows_the_official_table(official, resolve):
    variant, size, epochs, warmup = PRETRAINING[official]
    cfg, length = resolve(pretraining(variant, size, epochs)), 312  # iterations of 4096 images of ImageNet
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=cfg.optim_wrapper.optimizer.lr)
    options = cfg.param_scheduler.to_dict()
    schedule = PARAM_SCHEDULERS.get(options.pop('type'))(optimizer, epoch_length=length, epochs=epochs, **options)

    def lr_at(step):
        schedule.move(step - schedule.last_step)
        return optimizer.param_groups[0]['lr']

    rise, rest = warmup * length, (epochs - warmup) * length
    assert lr_at(0) == 0
    assert lr_at(1) == pytest.approx(2.4e-3 / (rise - 1))
    assert lr_at(rise - 1) == lr_at(rise) == pytest.approx(2.4e-3)  # the peak comes twice
    assert lr_at(rise + rest // 2) == pytest.approx(1.2e-3)
    assert 0 < lr_at(epochs * length - 1) < 1e-9  # zero is not reached


@pytest.mark.parametrize('size', SIZES)
def test_models_have_the_official_numbers_of_parameters(size, resolve, tiny):
    _, _, depth, _, (decoder_width, decoder_depth, _), published = SIZES[size]
    variant, _, epochs, _ = next(row for row in PRETRAINING.values() if row[1] == size)
    with torch.device('meta'):
        model = tiny.build_model(resolve(pretraining(variant, size, epochs)))
    width = model.backbone.embed_dims
    encoder = trained(model.backbone) - depth * width  # our third of the bias for the keys is not official
    decoder = trained(model.neck) - decoder_depth * decoder_width
    before = trained(model.neck.decoder_embed) + model.neck.mask_token.numel()
    found = (encoder, decoder - before, encoder + decoder)
    assert tuple(round(count / 1e6, 1) for count in found) == published


def trained(module):
    return sum(parameter.numel() for parameter in module.parameters() if parameter.requires_grad)


@pytest.fixture
def fine_tuned_backbone(resolve, tiny, tmp_path):
    """Function from a pre-training's variant to its encoder with random weights, and the one that takes them over."""

    def build(variant, **changes):
        row = (variant, 'small', 100)
        pretrained = tiny.build_model(tiny.shrink(resolve(pretraining(*row))))
        for parameter in pretrained.parameters():
            torch.nn.init.normal_(parameter)
        torch.save({'state_dict': pretrained.state_dict()}, tmp_path / 'epoch_100.pth')
        recipe = resolve(fine_tuning(row, 50))
        options = tiny.shrink(recipe).model.backbone
        options.init_cfg = {**recipe.model.backbone.init_cfg, 'checkpoint': str(tmp_path / 'epoch_100.pth')}
        backbone = MODELS.build({**options, **changes})
        backbone.init_weights()
        return pretrained.backbone, backbone

    return build


@pytest.mark.parametrize('variant', ['gap', 'cls'])
def test_a_fine_tuned_model_starts_with_a_fresh_norm(variant, fine_tuned_backbone):
    pretrained, backbone = fine_tuned_backbone(variant)
    norm = backbone.ln1 if variant == 'cls' else backbone.ln2
    assert (norm.weight == 1).all()
    assert (norm.bias == 0).all()
    assert torch.equal(backbone.layers[0].ln1.weight, pretrained.layers[0].ln1.weight)
    assert torch.equal(backbone.pos_embed, pretrained.pos_embed)
    assert not backbone.pos_embed.requires_grad


def test_positions_are_interpolated_for_larger_images(fine_tuned_backbone, tiny):
    side = tiny.PATCHES_PER_SIDE
    pretrained, backbone = fine_tuned_backbone('gap', img_size=2 * side * 16)
    grid = pretrained.pos_embed.detach().unflatten(1, (side, side)).permute(0, 3, 1, 2)
    larger = torch.nn.functional.interpolate(grid, size=(2 * side, 2 * side), mode='bicubic')
    torch.testing.assert_close(backbone.pos_embed.detach(), larger.flatten(2).mT)


@pytest.mark.parametrize('optimizer', OPTIMIZERS)
def test_probes_run_in_mixed_precision_as_the_official_ones(optimizer, resolve, tiny):
    recipe = copy.deepcopy(resolve(probe(('gap', 'small', 100), optimizer)))
    apply_arguments(recipe, Namespace(launcher='none', work_dir='x', resume=None, cfg_options=None, amp=True))
    assert recipe.optim_wrapper.type == 'AmpOptimWrapper'
    recipe.optim_wrapper.dtype = 'bfloat16'  # CPUs multiply no half-precision matrices everywhere
    log, unchanged = tiny.train_step(tiny.shrink(recipe))
    assert math.isfinite(log['loss'])
    assert unchanged == []
