import pytest
import torch
from mmengine.config import Config
from mmpretrain.structures import DataSample

import sslrecipes.datasets
import sslrecipes.engine  # noqa: F401  registers
from sslrecipes.engine.optimizers import ParamGroupsConstructor
from sslrecipes.engine.runner import SSLRunner
from sslrecipes.errors import ConfigError, DataError
from sslrecipes.models.methods.linear_probe import LinearProbe

ARCH = dict(embed_dims=32, num_layers=2, num_heads=2, feedforward_channels=64)
VIT = dict(
    type='VisionTransformer', arch=ARCH, img_size=8, patch_size=4, out_type='raw', drop_rate=0.3, drop_path_rate=0.3
)


def build(**kwargs):
    probe = LinearProbe(VIT, num_classes=5, pool='avg', **kwargs)
    probe.init_weights()
    return probe


def batch(step=0, size=6):
    generator = torch.Generator().manual_seed(step)
    labels = torch.randint(5, (size,), generator=generator)
    samples = [DataSample().set_gt_label(label) for label in labels]
    return dict(inputs=torch.randn(size, 3, 8, 8, generator=generator), data_samples=samples)


def train(probe, steps=4, lr=0.5):
    cfg = dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=lr, momentum=0.9))
    wrapper = ParamGroupsConstructor(cfg)(probe)
    probe.train()
    return [probe.train_step(batch(step), wrapper) for step in range(steps)]


@pytest.mark.parametrize('with_bn', [False, True])
def test_heads_learn_as_if_alone(with_bn):
    scales = (0.1, 1.0, 20.0)
    together = build(lr_scales=scales, with_bn=with_bn)
    start = {name: value.clone() for name, value in together.state_dict().items()}
    logs = train(together)
    for index, scale in enumerate(scales):
        alone = build(with_bn=with_bn)
        own = {name.replace(f'heads.{index}.', 'heads.0.'): value for name, value in start.items()
               if not name.startswith('heads.') or name.startswith(f'heads.{index}.')}  # fmt: skip
        alone.load_state_dict(own)
        log = train(alone, lr=0.5 * scale)
        torch.testing.assert_close(together.heads[index].weight, alone.heads[0].weight, rtol=1e-4, atol=1e-6)
        torch.testing.assert_close(logs[-1][f'loss_x{scale:g}'], log[-1]['loss_x1'], rtol=1e-4, atol=1e-6)
    assert not torch.allclose(together.heads[0].weight, together.heads[1].weight)


def test_heads_start_alike():
    probe = build(lr_scales=(1.0, 2.0))
    assert torch.equal(probe.heads[0].weight, probe.heads[1].weight)
    assert probe.heads[0].weight.std().item() == pytest.approx(0.01, rel=0.3)
    assert not probe.heads[0].bias.any()


def test_loss_is_the_sum_over_the_heads():
    (log,) = train(build(lr_scales=(0.5, 2.0)), steps=1)
    assert set(log) == {'loss', 'loss_x0.5', 'loss_x2'}
    torch.testing.assert_close(log['loss'], log['loss_x0.5'] + log['loss_x2'])


def test_backbone_stays_frozen_and_in_eval_mode():
    probe = build(lr_scales=(1.0, 5.0), with_bn=True)
    before = {name: value.clone() for name, value in probe.backbone.state_dict().items()}
    train(probe)
    assert probe.heads[0].training
    assert not any(module.training for module in probe.backbone.modules())
    assert all(torch.equal(value, before[name]) for name, value in probe.backbone.state_dict().items())
    assert not any(param.requires_grad for param in probe.backbone.parameters())
    assert probe.neck.num_batches_tracked == 4


def test_batch_norm_has_the_epsilon_of_the_paper_and_no_affine():
    assert (build(with_bn=True).neck.eps, build(with_bn=True, bn_eps=1e-5).neck.eps) == (1e-6, 1e-5)
    assert not list(build(with_bn=True).neck.parameters())


def test_learning_rate_scales_by_name():
    probe = build(lr_scales=(0.1, 3.0))
    scales = {name: probe.param_lr_scale(name) for name, _ in probe.named_parameters()}
    assert {scales['heads.1.weight'], scales['heads.1.bias']} == {3.0}
    assert (scales['heads.0.weight'], scales['backbone.cls_token']) == (0.1, 1.0)


@torch.no_grad()
def test_predictions():
    probe = build(lr_scales=(1.0, 2.0)).eval()
    torch.nn.init.normal_(probe.heads[1].weight)
    data = batch()
    samples = probe.test_step(data)
    expected = probe.heads[1](probe.extract_feat(data['inputs'])).softmax(1)
    torch.testing.assert_close(torch.stack([sample.probe_score[1] for sample in samples]), expected)
    assert samples[0].probe_lr_scales == (1.0, 2.0)
    assert 'pred_score' not in samples[0]
    (single, *_) = build().eval().test_step(batch())
    assert single.pred_score.shape == (5,)
    assert single.pred_label == single.pred_score.argmax()


def test_outputs_of_several_blocks_side_by_side():
    backbone = dict(type='DINOViT', arch=ARCH, img_size=8, patch_size=4, out_indices=(0, 1), out_type='cls_token')
    probe = LinearProbe(backbone, num_classes=5, outputs='all')
    assert probe.heads[0].in_features == 2 * 32
    train(probe, steps=1)
    with pytest.raises(ConfigError, match='in_channels: ResNet'):
        LinearProbe(dict(type='ResNet', depth=18, out_indices=(2, 3)), num_classes=5, outputs='all')


def test_user_mistakes():
    for scales in ((), (1.0, 1.0), (1.0, 0.0)):
        with pytest.raises(ConfigError, match='lr_scales'):
            LinearProbe(VIT, num_classes=5, lr_scales=scales)
    with pytest.raises(ConfigError, match='in_channels: ResNet'):
        LinearProbe(dict(type='ResNet', depth=18), num_classes=5)
    with pytest.raises(DataError, match='gt_label'):
        build()(torch.zeros(1, 3, 8, 8), [DataSample()], mode='loss')


def test_recipe_trains_and_reports_every_head(tmp_path):
    def loader(split, shuffle):
        return dict(
            dataset=dict(type='Digits', split=split, indices=200, pipeline=[dict(type='PackInputs')]),
            sampler=dict(type='DefaultSampler', shuffle=shuffle),
            collate_fn=dict(type='default_collate'),
            batch_size=40,
            num_workers=0,
        )

    runner = SSLRunner.from_cfg(
        Config(
            dict(
                default_scope='sslrecipes',
                work_dir=str(tmp_path),
                model=dict(type='LinearProbe', backbone=VIT, num_classes=10, lr_scales=(0.01, 1.0), with_bn=True),
                data_preprocessor=dict(type='ClsDataPreprocessor', mean=[78.0] * 3, std=[96.0] * 3),
                train_dataloader=loader('train', shuffle=True),
                val_dataloader=loader('val', shuffle=False),
                val_evaluator=[dict(type='ProbeAccuracy')],
                val_cfg=dict(),
                train_cfg=dict(type='SSLTrainLoop', max_epochs=4),
                optim_wrapper=dict(
                    constructor='ParamGroupsConstructor', optimizer=dict(type='SGD', lr=0.1, momentum=0.9)
                ),
                param_scheduler=dict(type='WarmupCosineLR', epochs=4, warmup_epochs=1),
            )
        )
    )
    runner.train()
    scalars = runner.message_hub.log_scalars
    assert scalars['val/probe/top1_x1'].current() > scalars['val/probe/top1_x0.01'].current()
    assert scalars['val/probe/best_lr_scale'].current() == 1.0
    assert scalars['val/probe/best_top1'].current() > 25


def test_weights_of_a_whole_probe_stay_when_loaded_by_init_cfg(tmp_path):
    probe = build()
    train(probe)
    torch.save(dict(state_dict=probe.state_dict()), tmp_path / 'probe.pth')
    loaded = build(init_cfg=dict(type='Pretrained', checkpoint=str(tmp_path / 'probe.pth')))
    assert torch.equal(loaded.heads[0].weight, probe.heads[0].weight)


def test_a_huge_learning_rate_in_bfloat16_stays_finite():
    """The classifier of MoCo's and S3L's linear evaluation learns at 30, whatever the precision."""
    probe = build()
    cfg = dict(type='AmpOptimWrapper', dtype='bfloat16', optimizer=dict(type='SGD', lr=30.0, momentum=0.9))
    wrapper = ParamGroupsConstructor(cfg)(probe)
    probe.train()
    losses = [probe.train_step(batch(step), wrapper)['loss'] for step in range(30)]
    assert max(losses) > 10  # it does leap about
    assert torch.stack(losses).isfinite().all()
    assert all(param.dtype == torch.float32 and param.isfinite().all() for param in probe.heads.parameters())
