"""The classification benchmarks of S3L: settings of its scripts, schedules, and what they start from."""

import math

import pytest
import torch

from sslrecipes.config.picture_size import picture_size
from sslrecipes.datasets.preflight.dataset import check_dataset
from sslrecipes.engine.runner import SSLRunner
from sslrecipes.registry import MODELS, PARAM_SCHEDULERS

PRE = 'resnet50_moco-v2-in1k-pre'
ZOOM, CROP, SHIFT = 'RandomResizedCrop', 'RandomCrop', 'RandomCrop with padding'
#: Fine-tuning: classes, lr, epochs, milestones, batch norms in eval mode, kind of crop.
FINETUNE = {
    'aircraft': (100, 0.001, 60, [20, 40], True, ZOOM),
    'cars': (196, 0.001, 120, [40, 80], True, ZOOM),
    'caltech101': (102, 0.001, 60, [20, 40], False, CROP),
    'cub200': (200, 0.01, 30, [10, 20], False, ZOOM),
    'pets': (37, 0.01, 120, [40, 80], False, ZOOM),
    'cifar10': (10, 0.001, 60, [20, 40], True, SHIFT),
    'cifar100': (100, 0.001, 60, [20, 40], True, SHIFT),
    'voc07': (20, 0.01, 60, None, True, CROP),
}
#: Linear evaluation: epochs, milestones, kind of crop.
LINEAR = {
    'aircraft': (60, [20, 40], ZOOM),
    'cars': (60, [20, 40], CROP),
    'caltech101': (60, [20, 40], CROP),
    'cub200': (30, [10, 20], ZOOM),
    'pets': (60, [20, 40], CROP),
    'cifar10': (60, [20, 40], SHIFT),
    'cifar100': (30, [10, 20], SHIFT),
    'voc07': (30, [10, 20], CROP),
}
SMALL = dict(type='ResNet', depth=18, base_channels=4, stem_channels=4)
BEST = {'caltech101': 'accuracy/balanced', 'voc07': 'multi-label/mAP'}
DECAY = {'voc07': 1e-5}


def crop_of(cfg):
    kinds = [f'{step.type} with padding' if step.get('padding') else step.type for step in pipeline(cfg)]
    return next(kind for kind in kinds if kind in (ZOOM, CROP, SHIFT))


def pipeline(cfg):
    return cfg.train_dataloader.dataset.pipeline


def check_common(cfg, data, epochs, milestones, crop):
    optimizer, sizes = cfg.optim_wrapper.optimizer, [picture_size(cfg.train_dataloader)]
    sizes += [picture_size(cfg.test_dataloader)] if crop != SHIFT else []
    assert (optimizer.type, optimizer.momentum, optimizer.get('nesterov')) == ('SGD', 0.9, None)
    assert optimizer.weight_decay == DECAY.get(data, 5e-4)
    assert 'constructor' not in cfg.optim_wrapper or cfg.optim_wrapper.paramwise_cfg.decay_bias, 'all is decayed'
    assert (cfg.train_cfg.max_epochs, cfg.param_scheduler.get('milestones')) == (epochs, milestones)
    assert crop_of(cfg) == crop
    assert set(sizes) == {32 if crop == SHIFT else 224}
    assert cfg.default_hooks.checkpoint.save_best == BEST.get(data, 'accuracy/top1')
    assert cfg.train_cfg.val_interval == 1


@pytest.mark.parametrize('data', FINETUNE)
def test_settings_of_fine_tuning(data, resolve):
    classes, lr, epochs, milestones, norm_eval, crop = FINETUNE[data]
    cfg = resolve(f'{PRE}_4xb16-{"multisteplr" if milestones else "coslr"}-{epochs}e_{data}')
    check_common(cfg, data, epochs, milestones, crop)
    assert cfg.optim_wrapper.optimizer.lr == lr
    assert cfg.model.head.num_classes == classes
    assert cfg.model.backbone.get('norm_eval', False) == norm_eval
    assert not cfg.train_dataloader.drop_last


@pytest.mark.parametrize('data', LINEAR)
def test_settings_of_linear_evaluation(data, resolve):
    epochs, milestones, crop = LINEAR[data]
    cfg = resolve(f'{PRE}_{"1xb16" if data == "voc07" else "4xb16"}-linear-multisteplr-{epochs}e_{data}')
    check_common(cfg, data, epochs, milestones, crop)
    assert cfg.optim_wrapper.optimizer.lr == 10
    head = cfg.model if cfg.model.type == 'LinearProbe' else cfg.model.head
    assert head.num_classes == FINETUNE[data][0]
    assert [hook.type for hook in cfg.custom_hooks] == ['FrozenBackboneHook']


def test_settings_of_the_linear_evaluation_on_imagenet(resolve):
    cfg = resolve(f'{PRE}_8xb32-linear-multisteplr-100e_in1k')
    optimizer = cfg.optim_wrapper.optimizer
    assert (optimizer.lr, optimizer.weight_decay, cfg.train_cfg.max_epochs) == (30, 0, 100)
    assert cfg.param_scheduler.milestones == [60, 80]
    assert (crop_of(cfg), picture_size(cfg.train_dataloader), picture_size(cfg.test_dataloader)) == (ZOOM, 224, 224)


def test_conv5_is_warmed_up_on_voc_with_batch_norms_in_training_mode(resolve):
    cfg = resolve('resnet50_moco-v2-in1k-noconv5-112px-pre_4xb16-multisteplr-60e_voc07')
    check_common(cfg, 'voc07', 60, [20, 40], CROP)
    assert (cfg.optim_wrapper.optimizer.lr, cfg.model.backbone.norm_eval) == (0.1, False)
    assert (cfg.model.type, list(cfg.model.trained)) == ('PartlyTrainedClassifier', ['layer4', 'head'])


@pytest.fixture
def encoders(tmp_path):
    """A checkpoint of MoCo with two small networks, and those two."""
    networks = {part: MODELS.build(SMALL).state_dict() for part in ('backbone.', 'momentum_encoder.backbone.')}
    state = {f'{part}{name}': value for part, network in networks.items() for name, value in network.items()}
    torch.save(dict(state_dict=state), tmp_path / 'moco.pth')
    return str(tmp_path / 'moco.pth'), networks


@pytest.mark.parametrize(
    ('origin', 'part'),
    [('moco-v2-in1k-pre', 'backbone.'), ('moco-v2-in1k-pre-key', 'momentum_encoder.backbone.')],
)
@pytest.mark.parametrize('kind', ['linear-multisteplr', 'multisteplr'])
def test_cub_takes_the_query_encoder_and_the_official_way_the_key_encoder(kind, origin, part, encoders, resolve):
    checkpoint, networks = encoders
    said = resolve(f'resnet50_{origin}_4xb16-{kind}-30e_cub200').model.backbone.init_cfg
    backbone = MODELS.build(dict(SMALL, init_cfg=dict(said, checkpoint=checkpoint)))
    backbone.init_weights()
    for name, value in backbone.state_dict().items():
        assert torch.equal(value, networks[part][name])


def test_a_warmed_network_in_the_official_layout_is_loaded_wherever_it_was_lost(encoders, resolve, tmp_path):
    (network, _) = encoders[1].values()
    state = {f'module.{name}': value for name, value in network.items()} | {'module.fc.bias': torch.zeros(3)}
    torch.save(dict(state_dict=state), tmp_path / 'warmed.pth.tar')
    for recipe in ('multisteplr-60e_aircraft', 'multisteplr-60e_cifar10', 'coslr-60e_voc07'):
        said = resolve(f'{PRE}_4xb16-{recipe}').model.backbone.init_cfg
        backbone = MODELS.build(dict(SMALL, init_cfg=dict(said, checkpoint=str(tmp_path / 'warmed.pth.tar'))))
        backbone.init_weights()
        assert torch.equal(backbone.layer4[1].bn2.weight, network['layer4.1.bn2.weight'])
        assert torch.equal(backbone.conv1.weight, network['conv1.weight'])


@pytest.fixture
def devkit(tmp_path, write_images):
    """A folder of Pascal VOC: eight pictures with an object each, of two classes, and a difficult one in the last."""
    thing = '<object><name>{}</name><difficult>{}</difficult><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>9</xmax>'
    thing += '<ymax>9</ymax></bndbox></object>'
    names = [f'{index:06}' for index in range(8)]
    write_images(tmp_path / 'voc', *(f'JPEGImages/{name}.jpg' for name in names))
    for folder in ('Annotations', 'ImageSets/Main'):
        (tmp_path / 'voc' / folder).mkdir(parents=True)
    for index, name in enumerate(names):
        things = thing.format(('cat', 'dog')[index % 2], 0) + thing.format('sofa', 1) * (index == 7)
        (tmp_path / f'voc/Annotations/{name}.xml').write_text(f'<annotation>{things}</annotation>')
    for split in ('trainval', 'test'):
        (tmp_path / f'voc/ImageSets/Main/{split}.txt').write_text('\n'.join(names))
    return str(tmp_path / 'voc')


def test_voc_is_trained_and_its_best_epoch_kept(devkit, resolve, tiny, tmp_path):
    cfg = tiny.shrink(resolve(f'{PRE}_4xb16-coslr-60e_voc07'))
    cfg.model.head.num_classes = 20
    for key in ('train_dataloader', 'val_dataloader'):
        cfg[key].update(batch_size=4, num_workers=0, persistent_workers=False)
        cfg[key].dataset.data_root = devkit
        check_dataset(cfg[key].dataset, f'{key}.dataset')
    cfg.update(work_dir=str(tmp_path / 'work'), log_level='ERROR', visualizer=None)
    cfg.train_cfg.max_epochs = 2
    runner = SSLRunner.from_cfg(cfg)
    runner.train()
    scores, _ = runner.message_hub.get_scalar('val/multi-label/mAP').data
    assert len(scores) == 2
    assert all(0 < score <= 100 for score in scores)
    assert runner.message_hub.get_info('best_score') == max(scores)


def rates(cfg, epochs, length):
    """Learning rate at each iteration of some epochs."""
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], cfg.optim_wrapper.optimizer.lr)
    said = dict(optimizer=optimizer, epochs=epochs, epoch_length=length, convert_to_iter_based=True)
    schedule = PARAM_SCHEDULERS.build({**cfg.param_scheduler, **said})
    found = []
    for _ in range(epochs * length):
        found.append(optimizer.param_groups[0]['lr'])
        optimizer.step()
        schedule.step()
    return found


def test_cosine_of_voc_moves_with_each_iteration(resolve):
    expected = [0.01 * 0.5 * (1 + math.cos(math.pi * (epoch + i / 7) / 5)) for epoch in range(5) for i in range(7)]
    assert rates(resolve(f'{PRE}_4xb16-coslr-60e_voc07'), 5, 7) == pytest.approx(expected)


def test_cosine_of_the_supervised_baseline_moves_with_each_epoch(resolve):
    expected = [0.1 * 0.5 * (1 + math.cos(math.pi * epoch / 5)) for epoch in range(5) for _ in range(7)]
    assert rates(resolve('resnet50_scratch_8xb32-coslr-800e_in1k-50000'), 5, 7) == pytest.approx(expected)


def test_supervised_baseline_with_the_official_and_a_sane_weight_decay(resolve):
    names = ('in1k-50000', 'in1k-10-per-class', 'in1k-50-per-class', 'in1k-10-classes')
    for name in names:
        official, sane = (resolve(f'resnet50_scratch{kind}_8xb32-coslr-800e_{name}') for kind in ('', '-wd1e-4'))
        one, other = (cfg.optim_wrapper.optimizer for cfg in (official, sane))
        assert (one.weight_decay, other.weight_decay) == (0.0, 1e-4)
        assert {**one, 'weight_decay': 1e-4} == other
        assert (official.train_cfg.max_epochs, official.train_cfg.val_interval) == (800, 100)
