_base_ = [
    '../_base_/models/mae_priv/mae-priv_vit-giant-p14.py',
    '../_base_/datasets/in1k_mae_priv_224.py',
    '../_base_/schedules/adamw_bs4096_coslr_mae_priv.py',
    '../_base_/mae_priv_runtime.py',
]

train_dataloader = dict(batch_size=512)
