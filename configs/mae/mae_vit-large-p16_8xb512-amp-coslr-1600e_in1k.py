_base_ = [
    '../_base_/models/mae/vit-large-p16.py',
    '../_base_/datasets/mae/in1k_224.py',
    '../_base_/schedules/mae/adamw_bs4096_coslr_pretrain.py',
    '../_base_/default_runtime.py',
]

train_dataloader = dict(batch_size=512)
train_cfg = dict(max_epochs=1600)
