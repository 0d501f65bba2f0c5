"""The recipes of MAE-priv against the official YAML files, code and table of results."""

import copy
import math
from argparse import Namespace

import pytest
import torch
from mmengine.optim import build_optim_wrapper

from sslrecipes.commands.launch import apply_arguments
from sslrecipes.registry import MODELS, PARAM_SCHEDULERS

SOURCE = 'https://github.com/BUPT-PRIV/MAE-priv'
# millions of parameters of encoder, decoder and both (the decoder without the projection and the mask token before it)
MILLIONS = {
    ('small', 100): (21.6, 1.9, 23.6),
    ('base', 400): (85.6, 7.4, 93.3),
    ('large', 100): (303.1, 25.6, 329.2),
    ('huge', 100): (630.4, 25.5, 656.6),
    ('giant', 100): (1596.8, 25.5, 1623.2),
}
# pre-training -> top-1 after fine-tuning by epochs, of the linear probe, and of 10 neighbours
REPORTED = {
    ('gap', 'small', 100): ({50: 76.58}, 34.65, 19.7),
    ('cls', 'small', 100): ({50: 75.77}, 38.95, 23.7),
    ('gap', 'small', 200): ({50: 76.86}, 36.46, 19.8),
    ('gap', 'small', 400): ({50: 77.56, 100: 80.02, 150: 80.89}, 36.98, 20.8),
    ('gap', 'small', 800): ({50: 77.93, 100: 80.87, 150: 81.11}, 36.88, 20.7),
    ('gap', 'base', 400): ({100: 83.08}, None, 28.9),
    ('gap', 'large', 100): ({50: 83.51}, 58.90, 33.08),
}
OPTIMIZERS = {'sgd': 512, 'lars': 2048, 'true-lars': 2048}


def vit(size):
    return f'vit-{size}-p{14 if size in ("huge", "giant") else 16}'


def pretraining(variant, size, epochs):
    return f'mae-priv-{variant}_{vit(size)}_8xb512-amp-coslr-{epochs}e_in1k'


def benchmark(row, tail):
    """Name of a recipe that starts from the pre-training ``row`` (variant, size, epochs)."""
    variant, size, epochs = row
    return f'{vit(size)}_mae-priv-{variant}-{epochs}e-pre{tail}_in1k'


def fine_tuning(row, epochs):
    return benchmark(row, f'_8xb128-amp-coslr-{epochs}e')


def probe(row, optimizer):
    return benchmark(row, f'-{optimizer}_8xb{OPTIMIZERS[optimizer]}-linear-coslr-90e')


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


def test_reported_numbers(cards):
    expected = {}
    for row, (by_epochs, linear, knn) in REPORTED.items():
        expected |= {fine_tuning(row, epochs): value for epochs, value in by_epochs.items()}
        expected |= {pretraining(*row): next(iter(by_epochs.values())), benchmark(row, '_knn'): knn}
        expected |= {probe(row, 'sgd'): linear}
    reported = {name: cards[name].reported for name, value in expected.items() if value}
    assert {name: result.value for name, result in reported.items()} == {k: v for k, v in expected.items() if v}
    assert {result.source for result in reported.values()} == {SOURCE}


def test_learning_rates_follow_the_official_table(cards, resolve):
    length = 312  # iterations of 4096 images of ImageNet
    for name, card in cards.items():
        if card.collection == 'MAE-priv' and 'mask_ratio' in card.recipe:
            rate = rate_of(resolve(name), length)
            rise = card.recipe['warmup_epochs'] * length
            rest = card.recipe['epochs'] * length - rise
            assert rate(0) == 0, name
            assert rate(1) == pytest.approx(2.4e-3 / (rise - 1)), name
            assert rate(rise - 1) == rate(rise) == pytest.approx(2.4e-3), name  # the peak comes twice
            assert rate(rise + rest // 2) == pytest.approx(1.2e-3), name
            assert 0 < rate(rise + rest - 1) < 1e-9, name  # zero is not reached


def rate_of(cfg, length):
    """Function from a step to the learning rate; ``length`` is that of an epoch."""
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=cfg.optim_wrapper.optimizer.lr)
    options = cfg.param_scheduler.to_dict()
    schedule = PARAM_SCHEDULERS.get(options.pop('type'))(
        optimizer, epoch_length=length, epochs=cfg.train_cfg.max_epochs, **options
    )

    def rate(step):
        schedule.move(step - schedule.last_step)
        return optimizer.param_groups[0]['lr']

    return rate


@pytest.mark.parametrize(('size', 'epochs'), MILLIONS)
def test_models_have_the_official_numbers_of_parameters(size, epochs, resolve, tiny):
    with torch.device('meta'):
        model = tiny.build_model(resolve(pretraining('gap', size, epochs)))
    encoder, decoder = trained(model.backbone), trained(model.neck)
    for block in model.backbone.layers:
        encoder -= block.attn.embed_dims  # our third of the bias for the keys is not official
    for block in model.neck.decoder_blocks:
        decoder -= block.attn.embed_dims
    before = trained(model.neck.decoder_embed) + model.neck.mask_token.numel()
    found = (encoder, decoder - before, encoder + decoder)
    assert tuple(round(count / 1e6, 1) for count in found) == MILLIONS[size, epochs]


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
