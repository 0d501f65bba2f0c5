_base_ = [
    '../../_base_/models/tec/vit-base-p16_finetune.py',
    '../../_base_/datasets/mae/in1k_finetune_224.py',
    '../../_base_/schedules/mae/adamw_bs1024_coslr_finetune.py',
    '../../_base_/default_runtime.py',
]

checkpoint = 'work_dirs/tec-mae_vit-base-p16_8xb256-accum2-amp-coslr-300e_in1k/epoch_300.pth'
model = dict(backbone=dict(init_cfg=dict(checkpoint=checkpoint)))
train_dataloader = dict(batch_size=128)
param_scheduler = dict(warmup_epochs=20)
