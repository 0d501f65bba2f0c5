_base_ = [
    '../_base_/models/mae_priv/vit-base-p16.py',
    '../_base_/datasets/mae_priv/in1k_224.py',
    '../_base_/schedules/mae_priv/adamw_bs4096_coslr_pretrain.py',
    '../_base_/runtimes/mae_priv/pretrain.py',
]

train_dataloader = dict(batch_size=512)
param_scheduler = dict(warmup_epochs=40)
train_cfg = dict(max_epochs=400)
