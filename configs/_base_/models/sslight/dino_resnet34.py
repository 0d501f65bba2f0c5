_base_ = ['dino_resnet18.py']

model = dict(backbone=dict(depth=34))
