"""What W2SSL's recipes promise beside what all recipes do."""

import math
from copy import deepcopy

import pytest
import torch
import torch.nn.functional as F  # noqa: N812

from sslrecipes.checkpoint.files.writing import save_torch
from sslrecipes.commands.flops import flop_counter
from sslrecipes.commands.synthetic import mid_run, synthetic_batch
from sslrecipes.engine.optimizers import ParamGroupsConstructor
from sslrecipes.engine.runner import SSLRunner
from sslrecipes.errors import UserError
from sslrecipes.registry import MODELS

PRETRAINING = 'w2ssl_resnet50_4xb128-amp-coslr-200e_in1k'
FOUR_REGIONS = 'w2ssl-4regions_resnet50_4xb64-amp-coslr-200e_in1k'
CONVOLUTIONS = (torch.ops.aten.convolution, torch.ops.aten.convolution_backward)
LINEAR = 'resnet50_w2ssl-pre_1xb256-linear-coslr-100e_in1k'


def as_moco_v3(cfg):
    """MoCo v3 with the networks of W2SSL, on two views of the size of its montages."""
    cfg = deepcopy(cfg)
    head = dict(type='MoCoV3Head', predictor=cfg.model.head.predictor, temperature=1.0)
    cfg.model = dict(type='MoCoV3', backbone=cfg.model.backbone, neck=cfg.model.neck, head=head)
    side = cfg.train_dataloader.dataset.pipeline[1].montage_size
    cfg.train_dataloader.dataset.pipeline[1] = dict(type='MultiCrop', global_size=side, num_locals=0)
    return cfg


def count(cfg, images=4):
    """Operations of a training step: of the convolutions, which are in the two trunks only, and of all."""
    model = MODELS.build(dict(cfg.model, data_preprocessor=cfg.data_preprocessor)).to('meta').train()
    model.begin_step(mid_run(cfg))
    data = model.data_preprocessor(synthetic_batch(cfg, images), training=True)
    with flop_counter() as counter:
        loss, _ = model.parse_losses(model(**data, mode='loss'))
        loss.backward()
    trunks = counter.get_flop_counts()['Global']
    return sum(trunks[operation] for operation in CONVOLUTIONS), counter.get_total_flops()


def test_operations_beside_those_of_moco_v3(resolve):
    """Per image at equal batches: half of them in the trunk, with heads a little more; with four regions as many."""
    reference, whole_reference = count(as_moco_v3(resolve(PRETRAINING)))
    trunk, whole = count(resolve(PRETRAINING))
    assert trunk / reference == 0.5
    assert 0.5 < whole / whole_reference <= 0.51
    trunk, whole = count(resolve(FOUR_REGIONS))
    assert trunk / reference == 1
    assert 1 < whole / whole_reference <= 1.02


@pytest.fixture
def probe(resolve, tiny):
    """The linear classification at tiny size, initialised."""
    cfg = tiny.shrink(resolve(LINEAR))
    return cfg, tiny.initialised_model(cfg).train()


def test_a_step_of_linear_classification(probe, tiny):
    """Against plain torch: pooled features of a network in evaluation mode, and SGD on the classifier alone."""
    cfg, model = probe
    for norm in (part for part in model.backbone.modules() if isinstance(part, torch.nn.BatchNorm2d)):
        norm.running_mean.normal_()
        norm.running_var.uniform_(0.5, 2)
    before = deepcopy(model.backbone.state_dict())
    images = model.data_preprocessor(tiny.synthetic_batch(cfg), training=True)
    network = deepcopy(model.backbone)
    network.eval()
    features = network(images['inputs'])[-1].mean(dim=(2, 3)).detach()
    labels = torch.cat([sample.gt_label for sample in images['data_samples']])
    head = model.heads[0]
    assert float(head.weight.detach().std()) == pytest.approx(0.01, rel=0.3)
    assert not head.bias.any()
    alone = deepcopy(head)
    sgd = torch.optim.SGD(alone.parameters(), lr=0.1, momentum=0.9)
    optimizer = cfg.optim_wrapper.optimizer.to_dict()
    wrapper = ParamGroupsConstructor(dict(type='OptimWrapper', optimizer=optimizer))(model)
    for _ in range(3):
        sgd.zero_grad()
        F.cross_entropy(alone(features), labels).backward()
        sgd.step()
        loss, _ = model.parse_losses(model(**images, mode='loss'))
        wrapper.update_params(loss)
    torch.testing.assert_close(head.weight, alone.weight)
    torch.testing.assert_close(head.bias, alone.bias)
    assert all(torch.equal(value, before[name]) for name, value in model.backbone.state_dict().items())


def test_the_network_is_proved_to_stay_as_its_checkpoint(resolve):
    assert 'FrozenBackboneHook' in [hook['type'] for hook in resolve(LINEAR).custom_hooks]


def test_a_checkpoint_of_another_width_is_refused(resolve, tiny, tmp_path):
    """Before anything is trained, with the first tensor that doesn't fit."""
    cfg = tiny.shrink(resolve(LINEAR))
    wider = deepcopy(cfg.model.backbone)
    wider.base_channels *= 2
    state = {f'backbone.{name}': value for name, value in MODELS.build(wider).state_dict().items()}
    file = save_torch(tmp_path / 'wider.pth', {'state_dict': state})
    cfg.model.backbone.init_cfg = dict(type='Pretrained', checkpoint=str(file), prefix='backbone.')
    with pytest.raises(UserError, match=r'conv1\.weight|shape'):
        tiny.build_model(cfg).init_weights()


def test_an_odd_batch_is_refused_before_training(resolve, tiny, tmp_path):
    """Also the last one of an epoch, if it is kept; nothing is written of the run."""
    cfg = tiny.short_run(resolve(PRETRAINING), str(tmp_path))
    cfg.train_dataloader.update(batch_size=4, drop_last=False)
    cfg.train_dataloader.dataset.indices = 4 * 3 + 1
    with pytest.raises(UserError, match=r'regions of a process do not make montages of 4.*drop_last=True'):
        SSLRunner.from_cfg(cfg).train()
    assert not [*tmp_path.glob('*.pth')]


def test_settings_of_the_published_runs(resolve, root):
    """Learning rates grow with images; an epoch of ImageNet at 512 images has 2502 steps."""
    assert math.floor(1281167 / 512) == 2502
    for name, images in ((PRETRAINING, 512), ('w2ssl_resnet50_8xb256-amp-coslr-200e_in1k', 2048)):
        cfg = resolve(name)
        assert cfg.optim_wrapper.optimizer.lr == pytest.approx(0.6 * images / 256)
        assert cfg.auto_scale_lr.base_batch_size == images
        assert cfg.optim_wrapper.loss_scale == 'dynamic'
        steps = [step.type for step in cfg.train_dataloader.dataset.pipeline]
        assert steps == ['LoadImageOrSkip', 'RegionCrops', 'PackInputs']
        assert cfg.train_dataloader.drop_last
