from copy import deepcopy

import pytest
from mmengine.config import Config

from sslrecipes.commands.config_check import accepted_arguments, check_components
from sslrecipes.datasets import ImageNet, PhotoTiles
from sslrecipes.errors import ConfigError
from sslrecipes.models.backbones import TECViT


def test_sound_config_passes(mae_on_digits):
    check_components(mae_on_digits)


@pytest.mark.parametrize(
    ('edit', 'message'),
    [
        (lambda cfg: cfg.model.backbone.update(mask_ration=0.5), r'model\.backbone: .*"mask_ration".*"mask_ratio"'),
        (lambda cfg: cfg.model.neck.update(type='MAEDecodr'), r'model\.neck\.type: .*"MAEDecodr".*"MAEDecoder"'),
        (lambda cfg: cfg.train_dataloader.dataset.update(splitt='val'), r'dataset: .*"splitt".*"split"'),
        (lambda cfg: cfg.train_dataloader.dataset.pipeline[0].update(scal=8), r'pipeline\[0\].*"scal".*"scale"'),
        (lambda cfg: cfg.optim_wrapper.optimizer.update(betass=1), r'optimizer: .*"betass".*"betas"'),
        (lambda cfg: cfg.optim_wrapper.update(constructor='ParamGroups'), r'constructor.*"ParamGroupsConstructor"'),
        (lambda cfg: cfg.param_scheduler.update(warmup=3), r'param_scheduler: .*"warmup"'),
        (lambda cfg: cfg.default_hooks.checkpoint.update(intervall=3), r'checkpoint: .*"intervall".*"interval"'),
        (
            lambda cfg: cfg.update(custom_hooks=[dict(type='OnlineProbeHook', pool='mean')]),
            r"custom_hooks\[0\]\.pool is 'mean', but must be 'auto' or 'avg' or 'cls'\.",
        ),
        (
            lambda cfg: cfg.update(
                test_cfg=dict(type='KNNLoop', pool='mean', bank=cfg.train_dataloader),
                test_evaluator=[],
                test_dataloader=cfg.train_dataloader,
            ),
            r"test_cfg\.pool is 'mean', but must be 'auto'",
        ),
        (lambda cfg: cfg.train_cfg.update(max_epoch=3), r'train_cfg: .*"max_epoch".*"max_epochs"'),
    ],
)
def test_unknown_words_are_named_with_the_nearest(mae_on_digits, edit, message):
    edit(mae_on_digits)
    with pytest.raises(ConfigError, match=message):
        check_components(mae_on_digits)


def test_keyword_arguments_are_followed_through_base_classes():
    names, takes_any = accepted_arguments(TECViT)
    assert {'mlp_token', 'mask_ratio', 'patch_size'} <= names
    assert not takes_any
    assert accepted_arguments(lambda a, **rest: a) == ({'a'}, True)


def test_what_a_class_gives_its_parent_is_no_argument():
    names, _ = accepted_arguments(PhotoTiles)
    assert {'split', 'pipeline', 'indices'} <= names
    assert not {'ann_file', 'metainfo'} & names
    assert {'ann_file', 'lazy_init', 'extensions'} <= accepted_arguments(ImageNet)[0]


def test_a_model_has_the_parts_that_its_class_needs(mae_on_digits):
    del mae_on_digits.model['backbone']
    with pytest.raises(ConfigError, match='model: MAE needs backbone'):
        check_components(mae_on_digits)


@pytest.fixture(scope='module')
def detector():
    """A detector with a part of each kind, as a config of mmdet has it."""
    losses = dict(loss_cls=dict(type='CrossEntropyLoss', use_sigmoid=True), loss_bbox=dict(type='L1Loss'))
    coder = dict(type='DeltaXYWHBBoxCoder', target_stds=[0.1, 0.1, 0.2, 0.2])
    matching = dict(
        assigner=dict(type='MaxIoUAssigner', pos_iou_thr=0.5, neg_iou_thr=0.5),
        sampler=dict(type='RandomSampler', num=512, pos_fraction=0.25),
    )
    return Config(
        dict(
            default_scope='mmdet',
            transfer=dict(checkpoint=None, part='student'),
            model=dict(
                type='FasterRCNN',
                data_preprocessor=dict(type='DetDataPreprocessor', pad_size_divisor=32),
                backbone=dict(
                    type='mmpretrain.ResNet', depth=18, norm_cfg=dict(type='SyncBN', requires_grad=True), init_cfg=None
                ),
                neck=dict(type='FPN', in_channels=[64], out_channels=16, num_outs=5, act_cfg=dict(type='ReLU')),
                rpn_head=dict(
                    type='RPNHead',
                    in_channels=16,
                    anchor_generator=dict(type='AnchorGenerator', scales=[8], ratios=[1.0], strides=[4]),
                    bbox_coder=coder,
                    **losses,
                ),
                roi_head=dict(
                    type='StandardRoIHead',
                    bbox_roi_extractor=dict(
                        type='SingleRoIExtractor',
                        roi_layer=dict(type='RoIAlign', output_size=7, sampling_ratio=0),
                        out_channels=16,
                        featmap_strides=[4],
                    ),
                    bbox_head=dict(type='Shared2FCBBoxHead', in_channels=16, num_classes=3, bbox_coder=coder, **losses),
                ),
                train_cfg=dict(rpn=matching, rcnn=matching),
                test_cfg=dict(rpn=dict(nms_pre=9, nms=dict(type='nms', iou_threshold=0.7)), rcnn=dict(score_thr=0.05)),
            ),
            train_dataloader=dict(
                batch_size=2,
                sampler=dict(type='DefaultSampler', shuffle=True),
                batch_sampler=dict(type='AspectRatioBatchSampler'),
                dataset=dict(
                    type='CocoDataset',
                    pipeline=[
                        dict(type='LoadImageFromFile'),
                        dict(type='LoadAnnotations', with_bbox=True),
                        dict(type='RandomChoice', transforms=[[dict(type='Resize', scale=(8, 8), keep_ratio=True)]]),
                        dict(type='PackDetInputs'),
                    ],
                ),
            ),
            optim_wrapper=dict(type='sslrecipes.OptimWrapper', optimizer=dict(type='SGD', lr=0.02)),
            train_cfg=dict(type='sslrecipes.SSLIterTrainLoop', max_iters=9, val_interval=3),
            default_hooks=dict(checkpoint=dict(type='sslrecipes.CheckpointHook', interval=0, priority='LOW')),
            val_evaluator=dict(type='CocoMetric', metric='bbox'),
            val_dataloader=dict(sampler=dict(type='DefaultSampler'), dataset=dict(type='CocoDataset')),
            val_cfg=dict(),
            visualizer=dict(type='DetLocalVisualizer', vis_backends=[dict(type='LocalVisBackend')]),
        )
    )


def test_sound_detector_passes(detector):
    check_components(detector)


@pytest.mark.parametrize(
    ('edit', 'message'),
    [
        ({'model.backbone.type': 'mmpretrain.ResNt'}, r'no model "mmpretrain\.ResNt".*"mmpretrain\.ResNet"'),
        ({'model.backbone.type': 'mmpretrian.ResNet'}, r'model\.backbone\.type: .*"mmpretrian".*"mmpretrain"'),
        ({'model.backbone.dept': 18}, r'model\.backbone: ResNet has no argument "dept".*"depth"'),
        ({'model.backbone.norm_cfg.type': 'SynBN'}, r'norm_cfg\.type: .*"SynBN".*"SyncBN"'),
        ({'model.backbone.norm_cfg.momentom': 0.1}, r'norm_cfg: .*"momentom".*"momentum"'),
        ({'model.neck.num_out': 5}, r'model\.neck: FPN has no argument "num_out".*"num_outs"'),
        ({'model.neck.act_cfg.type': 'RelU'}, r'act_cfg\.type: .*"RelU".*"ReLU"'),
        ({'model.rpn_head': dict(tpye='RPNHead', _delete_=True)}, r'model\.rpn_head has no type\. Is "tpye" meant'),
        ({'model.rpn_head.anchor_generator.scale': 8}, r'anchor_generator: .*"scale".*"scales"'),
        ({'model.rpn_head.anchor_generator.type': 'AnchorGenrator'}, r'"AnchorGenrator".*"AnchorGenerator"'),
        ({'model.rpn_head.bbox_coder.target_std': 1}, r'bbox_coder: .*"target_std".*"target_stds"'),
        ({'model.rpn_head.loss_cls.loss_weigth': 1}, r'loss_cls: .*"loss_weigth".*"loss_weight"'),
        ({'model.roi_head.bbox_roi_extractor.roi_layer.type': 'RoiAlign'}, r'mmcv\.ops has no "RoiAlign".*"RoIAlign"'),
        ({'model.roi_head.bbox_roi_extractor.roi_layer.sample': 0}, r'roi_layer: RoIAlign has no argument "sample"'),
        ({'model.roi_head.bbox_head.num_clases': 3}, r'bbox_head: .*"num_clases".*"num_classes"'),
        ({'model.train_cfg.rcnn.assigner.pos_iou_thresh': 1}, r'rcnn\.assigner: .*"pos_iou_thresh".*"pos_iou_thr"'),
        ({'model.train_cfg.rcnn.sampler.type': 'RandomSampler2'}, r'rcnn\.sampler\.type: no|"RandomSampler2"'),
        ({'model.train_cfg.rpn.sampler.numb': 256}, r'rpn\.sampler: RandomSampler has no argument "numb".*"num"'),
        ({'model.test_cfg.rpn.nms.iou_thr': 0.5}, r'rpn\.nms: .*"iou_thr".*"iou_threshold"'),
        (
            {'train_dataloader.batch_sampler.type': 'AspectRatioSampler'},
            r'batch_sampler\.type: .*AspectRatioBatchSampler',
        ),
        (
            {'train_dataloader.dataset.pipeline.2.transforms.0.0.keep_ration': 1},
            r'pipeline\[2\]\.transforms\[0\]\[0\]: Resize has no argument "keep_ration".*"keep_ratio"',
        ),
        ({'train_dataloader.dataset.annfile': 'x'}, r'CocoDataset has no argument "annfile".*"ann_file"'),
        ({'custom_hooks': [dict(type='JointProbeHook')]}, r'"JointProbeHook"\. It is called "OnlineProbeHook" now\.'),
        ({'optim_wrapper.type': 'sslrecipes.AmpOptimWraper'}, r'Did you mean "sslrecipes\.AmpOptimWrapper"'),
        ({'default_hooks.checkpoint.intervall': 1}, r'CheckpointHook has no argument "intervall".*"interval"'),
        ({'train_cfg.val_intervall': 1}, r'SSLIterTrainLoop has no argument "val_intervall".*"val_interval"'),
        ({'visualizer.type': 'DetLocalVisualiser'}, r'"DetLocalVisualiser".*"DetLocalVisualizer"'),
        ({'val_evaluator.type': 'CocoMetrics'}, r'val_evaluator\.type: .*"CocoMetrics".*"CocoMetric"'),
        ({'default_scope': 'mmdett'}, r'default_scope: there is no package "mmdett".*"mmdet"'),
    ],
)
def test_unknown_words_of_a_detector_are_named_with_the_nearest(detector, edit, message):
    cfg = Config(deepcopy(detector.to_dict()))
    cfg.merge_from_dict(edit)
    with pytest.raises(ConfigError, match=message):
        check_components(cfg)


def test_scope_of_a_part_holds_for_what_is_inside_it(detector):
    cfg = Config(deepcopy(detector.to_dict()))
    cfg.model.backbone = dict(_scope_='mmpretrain', type='VisionTransformer', arch='base', norm_cfg=dict(type='LN'))
    check_components(cfg)
    cfg.model.backbone._scope_ = 'mmdet'
    with pytest.raises(ConfigError, match='no model "VisionTransformer"'):
        check_components(cfg)


@pytest.mark.parametrize(
    ('scope', 'model', 'message'),
    [
        (
            'sslrecipes',
            dict(type='MoCo', queue_len=8),
            r'no argument "queue_len"\. mmpretrain.* called "mmpretrain\.MoCo"',
        ),
        ('mmpretrain', dict(type='DINO'), r'no model "DINO"\. In the scope "mmpretrain" .* "sslrecipes\.DINO"'),
    ],
)
def test_names_that_two_packages_have_are_told_apart(scope, model, message):
    with pytest.raises(ConfigError, match=message):
        check_components(Config(dict(default_scope=scope, model=model)))


def test_hooks_that_change_the_pipeline_are_looked_into():
    change = dict(
        action_epoch=2, train_pipeline=[dict(type='RandomFlip', prob=0.5)], loss=dict(type='CrossEntropyLoss')
    )
    hook = dict(type='SwitchRecipeHook', schedule=[change])
    model = dict(type='SimCLR', backbone=dict(type='ResNet', depth=18))
    check_components(Config(dict(default_scope='mmpretrain', model=model, custom_hooks=[hook])))
    change['train_pipeline'][0]['prop'] = 1
    with pytest.raises(ConfigError, match=r'train_pipeline\[0\]: RandomFlip has no argument "prop"'):
        check_components(Config(dict(default_scope='mmpretrain', model=model, custom_hooks=[hook])))
    change['train_pipeline'][0] = dict(type='RandomFlip', crop_size=1)  # not near to what only the builders know
    with pytest.raises(ConfigError, match=r'RandomFlip has no argument "crop_size"\.$'):
        check_components(Config(dict(default_scope='mmpretrain', model=model, custom_hooks=[hook])))


def test_what_stands_in_the_place_of_another_kind():
    """A loader of prototypes in a model, a kind that a part knows itself, an evaluator of evaluators."""
    prototype = dict(sampler=dict(type='DefaultSampler', shuffle=False), dataset=dict(type='CustomDataset'))
    check_components(
        Config(
            dict(
                default_scope='mmpretrain',
                model=dict(
                    type='ImageToImageRetriever',
                    image_encoder=dict(type='LoRAModel', targets=[dict(type='qkv')]),
                    prototype=prototype,
                ),
            )
        )
    )
    evaluator = dict(type='mmdet.MultiDatasetsEvaluator', metrics=[], dataset_prefixes=[])
    model = dict(type='SimCLR', backbone=dict(type='ResNet', depth=18))
    loop = dict(
        test_cfg=dict(), test_dataloader=dict(dataset=dict(type='CustomDataset'), sampler=dict(type='DefaultSampler'))
    )
    check_components(Config(dict(default_scope='mmpretrain', model=model, test_evaluator=evaluator, **loop)))


def test_segmentor_is_looked_up_in_its_own_scope(detector):
    cfg = Config(dict(
        default_scope='mmseg',
        model=dict(
            type='EncoderDecoder',
            data_preprocessor=dict(type='SegDataPreProcessor', size=(8, 8)),
            backbone=dict(type='mmpretrain.ResNet', depth=18),
            decode_head=dict(type='FCNHead', in_channels=8, channels=8, num_classes=2,
                             sampler=dict(type='OHEMPixelSampler', thresh=0.7)),
        ),
    ))  # fmt: skip
    check_components(cfg)
    cfg.model.decode_head.sampler.tresh = 1
    with pytest.raises(ConfigError, match=r'OHEMPixelSampler has no argument "tresh".*"thresh"'):
        check_components(cfg)
