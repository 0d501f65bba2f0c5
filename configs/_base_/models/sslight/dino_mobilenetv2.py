_base_ = ['dino_resnet18.py']

model = dict(
    backbone=dict(_delete_=True, type='MobileNetV2', widen_factor=1.0),
    neck=dict(in_channels=1280),
    probe=dict(in_channels=1280),
)
