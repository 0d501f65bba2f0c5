_base_ = [
    '../_base_/models/mae_vit-base-p16.py',
    '../_base_/datasets/in1k_mae_224.py',
    '../_base_/schedules/adamw_bs4096_coslr_pretrain.py',
    '../_base_/default_runtime.py',
]

train_dataloader = dict(batch_size=512)
