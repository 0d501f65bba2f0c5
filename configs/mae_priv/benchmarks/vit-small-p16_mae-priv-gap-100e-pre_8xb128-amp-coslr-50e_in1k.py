_base_ = [
    '../../_base_/models/mae_priv/vit-small-p16_finetune.py',
    '../../_base_/datasets/in1k_mae_priv_finetune_224.py',
    '../../_base_/schedules/adamw_bs1024_coslr_mae_priv_finetune.py',
]

checkpoint = 'work_dirs/mae-priv-gap_vit-small-p16_8xb512-amp-coslr-100e_in1k/epoch_100.pth'
model = dict(backbone=dict(init_cfg=dict(checkpoint=checkpoint)))
train_dataloader = dict(batch_size=128)
