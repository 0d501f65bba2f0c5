# Fine-tuning on 180 labelled tiles, with S3L's settings
_base_ = [
    '../_base_/models/quickstart/resnet-nano-d_classifier.py',
    '../_base_/datasets/quickstart/grey_tiles_32_finetune.py',
    '../_base_/schedules/s3l/sgd_coslr_finetune.py',
    '../_base_/default_runtime.py',
]

checkpoint = 'work_dirs/simclr_resnet-nano-d_1xb128-coslr-12e_grey-tiles-32px/epoch_12.pth'
model = dict(backbone=dict(init_cfg=dict(checkpoint=checkpoint)))

train_cfg = dict(max_epochs=60, val_interval=60)
