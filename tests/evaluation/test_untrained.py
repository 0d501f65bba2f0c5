import pytest
import torch
import torch.utils.data
from mmengine.config import ConfigDict
from mmengine.dataset import default_collate

import sslrecipes.models  # noqa: F401  registers
from sslrecipes.evaluation.chance import in_words, standard_error
from sslrecipes.evaluation.untrained import loads_weights, measure_statistics, untrained_network, without_weights

PRETRAINED = dict(type='Pretrained', checkpoint='no.pth')
OTHER = dict(type='Constant', layer='Linear', val=0.5)
VIT = dict(
    type='VisionTransformer',
    arch=dict(embed_dims=16, num_layers=1, num_heads=2, feedforward_channels=32),
    img_size=8,
    patch_size=4,
    out_type='raw',
)


def test_only_what_loads_weights_is_left_out():
    model = ConfigDict(
        a=dict(init_cfg=PRETRAINED, b=[dict(init_cfg=OTHER), dict(init_cfg=[OTHER, PRETRAINED])]), c=(1,)
    )
    assert without_weights(model) == dict(a=dict(b=[dict(init_cfg=OTHER), {}]), c=(1,))
    assert loads_weights(model)
    assert not loads_weights(without_weights(model))
    assert model.a.init_cfg == PRETRAINED


def test_the_network_follows_from_the_seed_alone():
    cfg = ConfigDict(
        model=dict(type='FeatureModel', backbone=dict(VIT, init_cfg=PRETRAINED)),
        data_preprocessor=dict(mean=[9.0] * 3, std=[2.0] * 3),
    )
    before = torch.get_rng_state()
    one = untrained_network(cfg, 3)
    assert torch.equal(before, torch.get_rng_state())
    torch.rand(5)
    weights = [untrained_network(cfg, seed).backbone.patch_embed.projection.weight for seed in (3, 4)]
    assert torch.equal(one.backbone.patch_embed.projection.weight, weights[0])
    assert not torch.equal(*weights)
    assert one.data_preprocessor.mean.flatten().tolist() == [9.0] * 3


def test_error_of_a_difference_is_that_of_binomial_draws():
    draws = torch.rand(2, 20000, 100, generator=torch.manual_seed(0)) < 0.8
    differences = 100 * (draws[0].double().mean(1) - draws[1].double().mean(1))
    assert standard_error(80, 80, 100) == pytest.approx(differences.std().item(), rel=0.02)


@pytest.mark.parametrize(
    ('accuracy', 'baseline', 'images', 'words'),
    [
        (93.75, 92.5, 80, 'within chance'),
        (93.75, 92.5, 8000, 'better'),
        (50, 60, 1000, 'worse'),
        (100, 100, 10, 'within chance'),
        (0, 0, 10, 'within chance'),
    ],
)
def test_what_a_difference_means(accuracy, baseline, images, words):
    assert in_words(accuracy, baseline, images) == words


class Pictures(torch.utils.data.Dataset):
    """Pictures whose second half is brighter, as in a data set that is sorted by class."""

    def __len__(self):
        return 40

    def __getitem__(self, index):
        generator = torch.Generator().manual_seed(index)
        return dict(inputs=torch.rand(3, 16, 16, generator=generator) + (index >= 20))


def test_batch_norms_get_the_statistics_of_the_whole_data():
    backbone = dict(type='ResNet', depth=18, stem_channels=8, base_channels=8)
    network = untrained_network(ConfigDict(model=dict(type='FeatureModel', backbone=backbone)), seed=0)
    loader = torch.utils.data.DataLoader(Pictures(), batch_size=10, collate_fn=default_collate)
    before, states = {key: value.clone() for key, value in network.state_dict().items()}, torch.get_rng_state()
    measure_statistics(network, loader)
    assert torch.equal(states, torch.get_rng_state())
    assert not network.training or network.backbone.bn1.training
    images = torch.stack([Pictures()[index]['inputs'] for index in range(40)])
    activations = network.backbone.conv1(network.data_preprocessor(dict(inputs=images), False)['inputs'])
    assert torch.allclose(network.backbone.bn1.running_mean, activations.mean((0, 2, 3)), atol=1e-4)
    after = network.state_dict()
    assert {key for key in before if not torch.equal(before[key], after[key])} == {
        key for key in before if key.endswith(('running_mean', 'running_var', 'num_batches_tracked'))
    }


def test_a_network_without_batch_norms_stays_as_it_is():
    network = untrained_network(ConfigDict(model=dict(type='FeatureModel', backbone=VIT)), seed=0)
    before = {key: value.clone() for key, value in network.state_dict().items()}
    measure_statistics(network, torch.utils.data.DataLoader(Pictures(), batch_size=10))
    assert all(torch.equal(value, before[key]) for key, value in network.state_dict().items())
