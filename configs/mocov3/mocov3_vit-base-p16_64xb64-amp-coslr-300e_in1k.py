_base_ = [
    '../_base_/models/mocov3/vit-base-p16.py',
    '../_base_/datasets/mocov3/in1k_two_views_224_vit.py',
    '../_base_/schedules/mocov3/adamw_bs4096_coslr.py',
    '../_base_/runtimes/sslight/pretrain.py',
]

train_dataloader = dict(batch_size=64)
