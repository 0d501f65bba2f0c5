_base_ = ['vit-small-p16_features.py']

model = dict(backbone=dict(arch='l'))
