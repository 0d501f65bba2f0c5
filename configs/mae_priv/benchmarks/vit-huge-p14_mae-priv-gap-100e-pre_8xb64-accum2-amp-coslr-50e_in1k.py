# Our choice, officially there is none: the settings of ViT-L; the drop-path rate is that of MAE
_base_ = [
    '../../_base_/models/mae_priv/vit-huge-p14_finetune.py',
    '../../_base_/datasets/mae_priv/in1k_finetune_224.py',
    '../../_base_/schedules/mae_priv/adamw_bs1024_coslr_finetune.py',
    '../../_base_/runtimes/mae_priv/keep_best.py',
]

checkpoint = 'work_dirs/mae-priv-gap_vit-huge-p14_8xb512-amp-coslr-100e_in1k/epoch_100.pth'
model = dict(backbone=dict(drop_path_rate=0.3, init_cfg=dict(checkpoint=checkpoint)))
train_dataloader = dict(batch_size=64)
val_dataloader = test_dataloader = dict(batch_size=96)
optim_wrapper = dict(accumulative_counts=2)
