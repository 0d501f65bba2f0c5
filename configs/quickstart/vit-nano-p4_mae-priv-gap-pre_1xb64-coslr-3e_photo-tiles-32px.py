# Fine-tuning of the GAP variant: layer-wise lr decay, fixed positions; of the augmentations crop and flip alone
_base_ = [
    '../_base_/models/quickstart/mae-priv_vit-nano-p4_finetune.py',
    '../_base_/datasets/quickstart/photo_tiles_32_eval.py',
    '../_base_/schedules/quickstart/adamw_bs64_coslr.py',
    '../_base_/default_runtime.py',
]

model = dict(backbone=dict(init_cfg=dict(checkpoint='work_dirs/quickstart/mae-priv/gap/epoch_8.pth')))
train_pipeline = [
    dict(type='RandomResizedCrop', scale=32, crop_ratio_range=(0.5, 1.0), backend='pillow', interpolation='bicubic'),
    dict(type='RandomFlip', prob=0.5),
    dict(type='PackInputs'),
]
train_dataloader = dict(batch_size=64, drop_last=True, dataset=dict(pipeline=train_pipeline))

optim_wrapper = dict(
    optimizer=dict(lr=2e-3, betas=(0.9, 0.999)), paramwise_cfg=dict(no_decay=('cls_token',), layer_decay=0.75)
)
param_scheduler = dict(final=1e-6)
train_cfg = dict(max_epochs=3, val_interval=3)
val_cfg = dict()
test_cfg = dict()

work_dir = 'work_dirs/quickstart/mae-priv/gap-finetune'
