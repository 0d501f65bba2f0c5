_base_ = ['vit-base-p16_finetune.py']

model = dict(
    backbone=dict(arch='l'),
    head=dict(in_channels=1024),
)
