_base_ = ['vit-base-p16.py', 'small.py']

model = dict(backbone=dict(arch=dict(_base_.vit_small, _delete_=True)), neck=dict(in_channels=384))
