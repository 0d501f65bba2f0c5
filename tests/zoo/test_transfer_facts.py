import pytest
from mmengine.config import Config

from sslrecipes.zoo.facts import FACTS, facts
from sslrecipes.zoo.transfer_facts import TRANSFER_FACTS, transfer_facts


def config(**changes):
    pipeline = [dict(type='RandomChoiceResize', scales=[(1333, 640), (1333, 800)])]
    test = dict(pipeline=[dict(type='Resize', scale=(1333, 800))])
    cfg = Config(
        dict(
            transfer=dict(checkpoint='work_dirs/x/epoch_3.pth', part='student'),
            model=dict(
                type='FasterRCNN',
                backbone=dict(type='mmpretrain.ResNet', depth=18, frozen_stages=-1, norm_cfg=dict(type='SyncBN')),
                neck=dict(type='sslrecipes.SimpleFPN'),
                roi_head=dict(bbox_head=dict(type='Shared2FCBBoxHead')),
            ),
            train_dataloader=dict(
                batch_size=2,
                dataset=dict(
                    type='ConcatDataset',
                    datasets=[dict(type='sslrecipes.VOC', data_root='data', pipeline=pipeline)],
                ),
            ),
            test_dataloader=dict(dataset=test),
            optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.02, momentum=0.9)),
            param_scheduler=[
                dict(type='LinearLR', start_factor=0.001, end=1001),
                dict(type='MultiStepLR', milestones=[60, 80]),
            ],
            train_cfg=dict(max_iters=90_000),
        ),
        cfg_text='# not read from a file',
        filename='faster-rcnn_resnet18_pre_8xb2-multisteplr-90k_voc.py',
    )
    cfg.merge_from_dict(changes)
    return cfg


def test_facts_of_a_detector():
    assert facts(config()) == {
        'arch': 'resnet18',
        'detector': 'FasterRCNN',
        'checkpoint': 'work_dirs/x/epoch_3.pth',
        'part': 'student',
        'iterations': 90_000,
        'effective_batch': 16,
        'optimizer': 'SGD',
        'lr': 0.02,
        'momentum': 0.9,
        'milestones': [60, 80],
        'warmup_iterations': 1000,
        'warmup_factor': 0.001,
        'backbone_norm': 'SyncBN',
        'frozen_stages': -1,
        'neck': 'SimpleFPN',
        'box_head': 'Shared2FCBBoxHead',
        'dataset': 'VOC',
        'short_sides': [640, 800],
        'test_short_side': 800,
    }


@pytest.mark.parametrize(
    ('transform', 'expected'),
    [
        (dict(type='RandomCrop', crop_size=(512, 512)), {'crop_size': 512}),
        (dict(type='RandomCrop', crop_size=(512, 1024)), {'crop_size': [512, 1024]}),
        (dict(type='RandomResize', scale=(2048, 512), ratio_range=(0.5, 2.0)), {'scale_range': [0.5, 2.0]}),
        (dict(type='RandomChoiceResize', scales=[(1333, 800)]), {'short_sides': 800}),
    ],
)
def test_facts_of_the_images(transform, expected):
    cfg = config()
    cfg.train_dataloader.dataset.datasets[0].pipeline = [transform]
    found = facts(cfg)
    assert {name: found[name] for name in ('crop_size', 'scale_range', 'short_sides') if name in found} == expected


def test_other_recipes_have_none_of_them():
    cfg = config()
    cfg.transfer = None
    assert transfer_facts(cfg) == {}
    assert not {'detector', 'iterations', 'milestones'} & facts(cfg).keys()
    assert 'base_lr' in facts(cfg)


def test_names_are_the_published_ones():
    assert set(TRANSFER_FACTS) <= set(FACTS)
    assert len(FACTS) == len(set(FACTS))
