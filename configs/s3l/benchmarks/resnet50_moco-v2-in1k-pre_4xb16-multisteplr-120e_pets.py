_base_ = [
    '../../_base_/models/s3l/resnet50_classifier.py',
    '../../_base_/datasets/s3l/classify_224.py',
    '../../_base_/datasets/small/pets.py',
    '../../_base_/schedules/s3l/sgd_multisteplr_finetune.py',
    '../../_base_/runtimes/keep_best.py',
]

checkpoint = 'work_dirs/moco-v2_resnet50_8xb32-coslr-200e_in1k/epoch_200.pth'
model = dict(
    backbone=dict(init_cfg=dict(checkpoint=checkpoint)),
    head=dict(num_classes=_base_.num_classes),
)
train_dataloader = dict(dataset=dict(_base_.train_set, pipeline=_base_.zoom_pipeline))
val_dataloader = test_dataloader = dict(dataset=dict(_base_.test_set, pipeline=_base_.test_pipeline))
optim_wrapper = dict(optimizer=dict(lr=0.01))
param_scheduler = dict(milestones=[40, 80])
train_cfg = dict(max_epochs=120)
