_base_ = [
    '../../_base_/models/s3l/resnet50_classifier.py',
    '../../_base_/datasets/s3l/classify_32.py',
    '../../_base_/datasets/small/cifar100.py',
    '../../_base_/schedules/s3l/sgd_multisteplr_finetune.py',
    '../../_base_/runtimes/keep_best.py',
]

checkpoint = 'work_dirs/moco-v2_resnet50_8xb32-coslr-200e_in1k/epoch_200.pth'
model = dict(
    backbone=dict(norm_eval=True, init_cfg=dict(checkpoint=checkpoint)),
    head=dict(num_classes=_base_.num_classes),
)
train_dataloader = dict(dataset=dict(_base_.train_set, pipeline=_base_.crop_pipeline))
val_dataloader = test_dataloader = dict(dataset=dict(_base_.test_set, pipeline=_base_.test_pipeline))
