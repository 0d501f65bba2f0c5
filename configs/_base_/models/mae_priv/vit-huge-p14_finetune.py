_base_ = ['vit-small-p16_finetune.py']

model = dict(
    backbone=dict(arch='h', patch_size=14),
    head=dict(in_channels=1280),
)
