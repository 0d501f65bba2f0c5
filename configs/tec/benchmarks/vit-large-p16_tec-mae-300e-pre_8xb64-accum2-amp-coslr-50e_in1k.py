_base_ = [
    '../../_base_/models/tec/vit-large-p16_finetune.py',
    '../../_base_/datasets/mae/in1k_finetune_224.py',
    '../../_base_/schedules/mae/adamw_bs1024_coslr_finetune.py',
    '../../_base_/default_runtime.py',
]

checkpoint = 'work_dirs/tec-mae_vit-large-p16_8xb256-accum2-amp-coslr-300e_in1k/epoch_300.pth'
model = dict(backbone=dict(init_cfg=dict(checkpoint=checkpoint)))
train_dataloader = dict(batch_size=64)
optim_wrapper = dict(accumulative_counts=2, optimizer=dict(lr=1e-3 * 1024 / 256))
param_scheduler = dict(min_lr=1e-5)
train_cfg = dict(max_epochs=50)
