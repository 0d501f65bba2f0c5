_base_ = [
    '../../_base_/models/mae_priv/vit-base-p16_finetune.py',
    '../../_base_/datasets/mae_priv/in1k_finetune_224.py',
    '../../_base_/schedules/mae_priv/adamw_bs1024_coslr_finetune.py',
    '../../_base_/runtimes/mae_priv/keep_best.py',
]

checkpoint = 'work_dirs/mae-priv-gap_vit-base-p16_8xb512-amp-coslr-400e_in1k/epoch_400.pth'
model = dict(backbone=dict(init_cfg=dict(checkpoint=checkpoint)))
train_dataloader = dict(batch_size=128)
train_cfg = dict(max_epochs=100)
