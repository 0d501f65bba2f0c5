_base_ = [
    '../../_base_/models/mae/vit-base-p16_finetune.py',
    '../../_base_/datasets/mae/in1k_finetune_224.py',
    '../../_base_/schedules/mae/adamw_bs1024_coslr_finetune.py',
    '../../_base_/default_runtime.py',
]

checkpoint = 'work_dirs/mae_vit-base-p16_8xb512-amp-coslr-1600e_in1k/epoch_1600.pth'
model = dict(backbone=dict(init_cfg=dict(checkpoint=checkpoint)))
train_dataloader = dict(batch_size=128)
