"""S3L on small data: the conv5 that comes back, the chain behind it, and copies of its recipes for other data."""

from copy import deepcopy

import numpy as np
import pytest
import torch
import torchvision
from mmengine.config import ConfigDict
from mmengine.optim import build_optim_wrapper
from mmpretrain.structures import DataSample
from PIL import Image

from sslrecipes.checkpoint.files.reading import read_checkpoint
from sslrecipes.checkpoint.files.writing import save_torch
from sslrecipes.commands.config_check import check_components
from sslrecipes.config.loading import load_config
from sslrecipes.config.reading import read_config
from sslrecipes.config.validation.schema import check_schema
from sslrecipes.datasets.preflight import check_dataset
from sslrecipes.engine.runner import SSLRunner
from sslrecipes.errors import ConfigError, DataError
from sslrecipes.registry import DATASETS, MODELS

WHOLE = 'moco-v2_resnet50_4xb32-coslr-200e_cub200'
PRETRAINING = 'moco-v2_resnet50-noconv5_4xb32-coslr-200e_cub200'
WARM_UP = 'resnet50_moco-v2-cub200-noconv5-pre_4xb16-constlr-10e_cub200'
MIXUP = 'resnet50_moco-v2-cub200-pre-mixup_4xb16-coslr-120e_cub200'
LINEAR = 'resnet50_moco-v2-cub200-pre_4xb16-linear-coslr-120e_cub200'
SMALL = ('aircraft', 'caltech101', 'cars', 'cub200', 'dtd', 'flowers102', 'pets')  # CIFAR has 32 px, see the README
WIDTHS = {18: 512, 34: 512}
CLASSES = 5


@pytest.mark.parametrize('depth', WIDTHS)
def test_two_steps_of_the_warm_up_are_those_of_plain_torch(depth, resolve, tmp_path):
    model, taken = warm_up_model(resolve, tmp_path, depth)
    plain = torchvision_twin(model, depth)
    wrapper = build_optim_wrapper(model, resolve(WARM_UP).optim_wrapper)
    learning = [*plain.layer4.parameters(), *plain.fc.parameters()]
    sgd = torch.optim.SGD(learning, lr=0.1, momentum=0.9, weight_decay=5e-4)
    model.train()
    for step in range(2):
        images = torch.randn(4, 3, 64, 64, generator=torch.Generator().manual_seed(step))
        labels = torch.tensor([0, 1, 4, 2])
        samples = [DataSample().set_gt_label(label) for label in labels]
        model.train_step(dict(inputs=images, data_samples=samples), wrapper)
        sgd.zero_grad()
        torch.nn.functional.cross_entropy(plain.train()(images), labels).backward()
        sgd.step()
    ours, theirs = model.state_dict(), {official_twin(name): value for name, value in plain.state_dict().items()}
    assert ours.keys() == theirs.keys()
    for name, value in ours.items():
        torch.testing.assert_close(value, theirs[name], rtol=1e-4, atol=1e-5, msg=name)
    frozen = {name: value for name, value in taken.items() if not name.startswith('backbone.layer4.')}
    moved = {name for name, value in frozen.items() if not torch.equal(ours[name], value)}
    assert moved == {name for name in frozen if name.endswith(('running_mean', 'running_var', 'num_batches_tracked'))}


def test_a_warm_up_begins_with_a_classifier_of_small_weights(resolve, tmp_path):
    model, _ = warm_up_model(resolve, tmp_path, 18)
    assert model.head.fc.weight.std().item() == pytest.approx(0.01, rel=0.1)
    assert not model.head.fc.bias.any()


def warm_up_model(resolve, folder, depth):
    """The recipe's model, of another depth, and the weights that it took from a pre-training without conv5."""
    pretraining, cfg = deepcopy(resolve(PRETRAINING).model), deepcopy(resolve(WARM_UP).model)
    width = WIDTHS[depth] // 2
    pretraining.backbone.depth = depth
    pretraining.neck.update(in_channels=width, hidden_channels=width)
    pretraining.head.queue_length = 8
    trained = MODELS.build(pretraining)
    trained.init_weights()
    for name, value in trained.state_dict().items():
        if name.endswith('running_mean'):
            value.normal_(std=0.1)
    state = trained.state_dict()
    cfg.backbone.depth = depth
    cfg.backbone.init_cfg.checkpoint = str(save_torch(folder / 'epoch_200.pth', {'state_dict': state, 'meta': {}}))
    cfg.head.update(num_classes=CLASSES, in_channels=WIDTHS[depth])
    cfg.data_preprocessor = dict(type='ClsDataPreprocessor', mean=[0.0] * 3, std=[1.0] * 3)
    model = MODELS.build(cfg)
    model.init_weights()
    taken = {name: value.clone() for name, value in state.items() if name.startswith('backbone.')}
    assert all(torch.equal(model.state_dict()[name], value) for name, value in taken.items())
    return model, taken


def torchvision_twin(model, depth):
    twin = torchvision.models.get_model(f'resnet{depth}', num_classes=CLASSES)
    state = model.state_dict()
    twin.load_state_dict({name: state[official_twin(name)] for name in twin.state_dict()})
    return twin


def official_twin(name):
    return f'head.{name}' if name.startswith('fc.') else f'backbone.{name}'


@pytest.mark.parametrize('kind', ['BYOL', 'DINO', 'MoCo', 'SimCLR', 'SimSiam', 'SwAV'])
@pytest.mark.parametrize(('depth', 'width'), [(18, 256), (34, 256), (50, 1024)])
def test_every_method_does_without_conv5(kind, depth, width, methods, tiny, root):
    cfg = deepcopy(methods[kind])
    noconv5 = read_config(root / 'configs/_base_/models/s3l/noconv5.py').noconv5
    cfg.model.backbone = ConfigDict(type='ResNet', depth=depth, **noconv5)
    for part in (cfg.model.neck, cfg.model.get('probe')):
        if part:
            part.in_channels = 2 * width
    with pytest.raises(ConfigError, match=f'model.neck.in_channels is {2 * width}, .* set it to {width}'):
        check_schema(cfg)
    for part in (cfg.model.neck, cfg.model.get('probe')):
        if part:
            part.in_channels = width
    check_schema(cfg)
    log, unchanged = tiny.train_step(tiny.shrink(cfg))
    assert np.isfinite(log['loss'])
    assert unchanged == []


def test_pre_trained_without_conv5_warmed_up_and_fine_tuned(resolve, tiny, tmp_path):
    """Each stage takes all of the one before but its classifier; the second leaves its weights as they were."""
    folders = [tmp_path / name for name in ('pretraining', 'warm_up', 'fine_tuning')]
    for recipe, folder, before in zip((PRETRAINING, WARM_UP, MIXUP), folders, (None, *folders), strict=False):
        cfg = tiny.short_run(resolve(recipe), str(folder))
        if recipe == PRETRAINING:  # of the width of those behind it
            cfg.model.backbone.base_channels //= 2
            cfg.model.neck.in_channels //= 2
        if before:
            init = deepcopy(resolve(recipe).model.backbone.init_cfg)
            cfg.model.backbone.init_cfg = dict(init, checkpoint=str(before / 'epoch_3.pth'))
        SSLRunner.from_cfg(cfg).train()
    pretrained, warm, tuned = (read_checkpoint(folder / 'epoch_3.pth')['state_dict'] for folder in folders)
    kept = [name for name in pretrained if name.startswith('backbone.')]
    statistics = ('running_mean', 'running_var', 'num_batches_tracked')
    assert [torch.equal(pretrained[name], warm[name]) for name in kept] == [
        not name.endswith(statistics) for name in kept
    ]
    assert {name for name in warm if name not in kept} == {
        name for name in warm if name.startswith(('backbone.layer4.', 'head.fc.'))
    }
    assert warm.keys() == tuned.keys()
    assert not torch.equal(warm['backbone.conv1.weight'], tuned['backbone.conv1.weight'])


@pytest.mark.parametrize('kind', [WHOLE, WARM_UP, MIXUP, LINEAR])
@pytest.mark.parametrize('name', SMALL)
def test_recipes_of_other_data_are_copies_with_one_word_changed(kind, name, root, configs, tmp_path):
    text = (root / configs[kind]).read_text()
    copy = tmp_path / 'copy.py'
    copy.write_text(text.replace('cub200', name).replace("'../../_base_", f"'{root}/configs/_base_")
                    .replace("'../_base_", f"'{root}/configs/_base_"))  # fmt: skip
    cfg, data = load_config(copy), read_config(root / f'configs/_base_/datasets/small/{name}.py')
    check_components(cfg)
    for loader, part in (('train', data.train_set), ('val', data.test_set), ('test', data.test_set)):
        if dataset := (cfg.get(f'{loader}_dataloader') or {}).get('dataset'):
            assert {key: dataset[key] for key in part} == dict(part)
            assert dataset.pipeline
    learnt = cfg.model.get('num_classes') or cfg.model.get('head', {}).get('num_classes')
    assert learnt == (None if kind == WHOLE else data.num_classes)
    if metainfo := getattr(DATASETS.get(data.train_set.type), 'METAINFO', {}).get('classes'):
        assert len(metainfo) == data.num_classes


@pytest.mark.parametrize('name', SMALL)
def test_a_missing_folder_is_named(name, root, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    train_set = read_config(root / f'configs/_base_/datasets/small/{name}.py').train_set
    with pytest.raises(DataError, match=rf'"{train_set.data_root.rstrip("/")}" does not exist: .*set train_dataloader'):
        check_dataset(train_set)


def test_pictures_of_ones_own_need_the_name_of_their_folder(root, configs, tmp_path, write_images):
    write_images(tmp_path / 'mine', *(f'{i % 3}/{i}.png' for i in range(6)))
    (tmp_path / 'own.py').write_text(
        f"_base_ = ['{root / configs[WHOLE]}']\n\n"
        "train_dataloader = dict(dataset=dict(type='ImageFolder', data_root='mine', _delete_=True, "
        'pipeline=_base_.train_pipeline))\n'
    )
    dataset = load_config(tmp_path / 'own.py').train_dataloader.dataset
    samples = list(DATASETS.build(dict(dataset, data_root=str(tmp_path / 'mine'))))
    assert [[view.shape for view in sample['inputs']] for sample in samples] == [[(3, 224, 224)] * 2] * 6


@pytest.mark.parametrize('mode', ['L', 'CMYK', 'RGBA', 'I;16', 'LA', 'P'])
@pytest.mark.parametrize('kind', [WHOLE, MIXUP])
def test_pictures_of_any_kind_and_smaller_than_the_crop(kind, mode, resolve, tmp_path):
    side = 20
    grey = np.add.outer(np.arange(side), np.arange(side + 9)).astype(np.uint16)
    picture = Image.fromarray(grey * 1000) if mode == 'I;16' else Image.fromarray(grey.astype(np.uint8)).convert(mode)
    (tmp_path / 'one').mkdir()
    picture.save(tmp_path / 'one' / ('a.tif' if mode == 'CMYK' else 'a.png'))
    (tmp_path / 'two').mkdir()
    Image.new('RGB', (300, 90)).save(tmp_path / 'two' / 'b.jpg')
    pipeline = resolve(kind).train_dataloader.dataset.pipeline
    data = DATASETS.build(dict(type='CustomDataset', data_root=str(tmp_path), pipeline=pipeline))  # an image per class
    assert [int(sample['data_samples'].gt_label) for sample in data] == [0, 1]
    shapes = [view.shape for sample in data for view in (sample['inputs'] if kind == WHOLE else [sample['inputs']])]
    assert set(shapes) == {(3, 224, 224)}
