# Our choice, officially there is none: the settings of ViT-L; the drop-path rate goes on from that of ViT-H
_base_ = [
    '../../_base_/models/mae_priv/vit-giant-p14_finetune.py',
    '../../_base_/datasets/mae_priv/in1k_finetune_224.py',
    '../../_base_/schedules/mae_priv/adamw_bs1024_coslr_finetune.py',
    '../../_base_/runtimes/mae_priv/keep_best.py',
]

checkpoint = 'work_dirs/mae-priv-gap_vit-giant-p14_8xb512-amp-coslr-100e_in1k/epoch_100.pth'
model = dict(backbone=dict(drop_path_rate=0.4, init_cfg=dict(checkpoint=checkpoint)))
train_dataloader = dict(batch_size=32)
val_dataloader = test_dataloader = dict(batch_size=48)
optim_wrapper = dict(accumulative_counts=4)
