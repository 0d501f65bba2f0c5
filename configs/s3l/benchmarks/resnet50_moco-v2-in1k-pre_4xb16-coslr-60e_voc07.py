_base_ = [
    '../../_base_/models/s3l/resnet50_classifier.py',
    '../../_base_/datasets/s3l/classify_224.py',
    '../../_base_/datasets/small/voc07.py',
    '../../_base_/schedules/s3l/sgd_multisteplr_finetune.py',
    '../../_base_/runtimes/keep_best.py',
]

checkpoint = 'work_dirs/moco-v2_resnet50_8xb32-coslr-200e_in1k/epoch_200.pth'
model = dict(
    backbone=dict(norm_eval=True, init_cfg=dict(checkpoint=checkpoint)),
    head=dict(
        type='MultiLabelLinearClsHead',
        num_classes=_base_.num_classes,
        # the mean over images and classes: mmpretrain divides the sum by the images only
        loss=dict(type='CrossEntropyLoss', use_sigmoid=True, loss_weight=1 / _base_.num_classes),
    ),
)
train_dataloader = dict(dataset=dict(_base_.train_set, pipeline=_base_.crop_pipeline))
val_dataloader = test_dataloader = dict(dataset=dict(_base_.test_set, pipeline=_base_.test_pipeline))

val_evaluator = [dict(type='InterpolatedAveragePrecision')]
test_evaluator = val_evaluator
optim_wrapper = dict(optimizer=dict(lr=0.01, weight_decay=1e-5))
param_scheduler = dict(_delete_=True, type='WarmupCosineLR')
default_hooks = dict(checkpoint=dict(save_best='multi-label/mAP'))
