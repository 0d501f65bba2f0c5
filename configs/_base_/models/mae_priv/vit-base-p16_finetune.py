_base_ = ['vit-small-p16_finetune.py']

model = dict(
    backbone=dict(arch='b'),
    head=dict(in_channels=768),
)
