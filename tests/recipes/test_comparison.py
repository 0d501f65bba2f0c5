"""Recipes of the comparison table: settings of the official codes that no card tells."""

import pytest

#: Whether the last batch norm of each residual block begins at 0.
ZERO_INIT = {
    'w2ssl_resnet50_4xb128-amp-coslr-200e_in1k': False,
    'mocov3_resnet50_16xb256-amp-coslr-300e_in1k': True,
    'mocov3_resnet50_8xb32-amp-coslr-200e_in1k': True,
    'barlowtwins_resnet50_8xb32-amp-coslr-300e_in1k': True,
    'densecl_resnet50_8xb32-coslr-200e_in1k': False,
    'rotation_resnet50_8xb32-coslr-200e_in1k': False,
    'jigsaw_resnet50_8xb32-coslr-200e_in1k-225px': False,
    'colorization_resnet50_8xb32-coslr-200e_in1k': False,
}
METHODS = ('W2SSL', 'MoCo v3', 'Barlow Twins', 'DenseCL', 'Pretext tasks')


@pytest.mark.parametrize(('name', 'zero'), ZERO_INIT.items())
def test_residual_blocks_begin_as_officially(name, zero, resolve):
    assert resolve(name).model.backbone.zero_init_residual == zero


@pytest.mark.parametrize('name', METHODS)
def test_learning_rates_are_those_of_the_batch_that_they_are_scaled_from(name, cards, resolve):
    own = [card for card in cards.values() if card.collection == name and 'effective_batch' in card.recipe]
    scaled = {card.name: resolve(card.name).get('auto_scale_lr') for card in own}
    batches = {recipe: scale.base_batch_size for recipe, scale in scaled.items() if scale}
    assert batches == {card.name: card.recipe['effective_batch'] for card in own if card.name in batches}
    assert batches


@pytest.mark.parametrize('name', [name for name in ZERO_INIT if '-amp-' in name])
def test_lars_neither_scales_nor_decays_biases_and_norms(name, resolve):
    optimizer = resolve(name).optim_wrapper.optimizer
    assert (optimizer.type, optimizer.adapt_vectors, optimizer.get('trust_coefficient', 0.001)) == (
        'LARS',
        False,
        0.001,
    )


@pytest.mark.parametrize(('name', 'processes', 'batch'), [
    ('barlowtwins_resnet50_8xb32-amp-coslr-200e_in1k', 8, 256),
    ('barlowtwins_resnet50_8xb32-amp-coslr-300e_in1k', 8, 256),
    ('barlowtwins_resnet50_32xb64-amp-coslr-1000e_in1k', 32, 2048),
])  # fmt: skip
def test_biases_and_norms_of_barlow_twins_move_as_with_the_official_gradient(name, processes, batch, resolve):
    """0.0048 for 256 images, of a gradient that is one W-th of ours in W processes; a thousandth at last."""
    cfg = resolve(name)
    rate = cfg.optim_wrapper.optimizer.lr
    assert rate == pytest.approx(0.2 * batch / 256)
    vectors = rate * cfg.optim_wrapper.paramwise_cfg.vector_lr_scale
    assert vectors == pytest.approx(0.0048 * batch / 256 / processes)
    assert cfg.param_scheduler.min_lr == pytest.approx(rate * 0.001)


@pytest.mark.parametrize('epochs', [200, 300, 1000])
def test_the_classifier_on_barlow_twins_is_decayed_with_its_biases(epochs, resolve):
    wrapper = resolve(f'resnet50_barlowtwins-{epochs}e-pre_8xb32-linear-coslr-100e_in1k').optim_wrapper
    assert (wrapper.optimizer.weight_decay, wrapper.paramwise_cfg.decay_bias) == (1e-6, True)
