_base_ = [
    '../_base_/models/mae_priv/mae-priv_vit-base-p16.py',
    '../_base_/datasets/in1k_mae_priv_224.py',
    '../_base_/schedules/adamw_bs4096_coslr_mae_priv.py',
    '../_base_/mae_priv_runtime.py',
]

train_dataloader = dict(batch_size=512)
param_scheduler = dict(warmup_epochs=40, epochs=400)
train_cfg = dict(max_epochs=400)
