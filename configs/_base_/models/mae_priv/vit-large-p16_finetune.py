_base_ = ['vit-small-p16_finetune.py']

model = dict(
    backbone=dict(arch='l'),
    head=dict(in_channels=1024),
)
