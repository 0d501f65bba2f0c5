_base_ = ['resnet18_features.py']

model = dict(backbone=dict(depth=50))
