# Our choice, officially there is a model but no recipe: the settings for 224 px; positions are interpolated bicubically
_base_ = [
    '../../_base_/models/mae_priv/vit-base-p16_finetune.py',
    '../../_base_/datasets/mae_priv/in1k_finetune_384.py',
    '../../_base_/schedules/mae_priv/adamw_bs1024_coslr_finetune.py',
    '../../_base_/runtimes/mae_priv/keep_best.py',
]

checkpoint = 'work_dirs/mae-priv-gap_vit-base-p16_8xb512-amp-coslr-400e_in1k/epoch_400.pth'
model = dict(backbone=dict(img_size=384, init_cfg=dict(checkpoint=checkpoint)))
train_dataloader = dict(batch_size=64)
val_dataloader = test_dataloader = dict(batch_size=96)
optim_wrapper = dict(accumulative_counts=2)
train_cfg = dict(max_epochs=100)
