_base_ = [
    '../../_base_/models/mocov3/vit-base-p16_finetune.py',
    '../../_base_/datasets/small/pets.py',
    '../../_base_/datasets/mocov3/classify_224.py',
    '../../_base_/schedules/mocov3/adamw_bs1024_coslr_finetune.py',
    '../../_base_/default_runtime.py',
]

checkpoint = 'work_dirs/mocov3_vit-base-p16_64xb64-amp-coslr-300e_in1k/epoch_300.pth'
model = dict(
    backbone=dict(init_cfg=dict(checkpoint=checkpoint), drop_path_rate=0.0),
    head=dict(num_classes=_base_.num_classes),
    train_cfg=dict(augments=[dict(type='Mixup', alpha=0.8)]),
)
data_preprocessor = dict(num_classes=_base_.num_classes)
train_dataloader = dict(dataset=dict(_base_.train_set, pipeline=_base_.zoom_pipeline))
val_dataloader = test_dataloader = dict(dataset=dict(_base_.test_set, pipeline=_base_.test_pipeline))
optim_wrapper = dict(optimizer=dict(lr=3e-4 * 1024 / 512, weight_decay=0.1))
param_scheduler = dict(warmup_epochs=3)
train_cfg = dict(max_epochs=100)
