_base_ = 'mask-rcnn_fpn.py'

model = dict(
    backbone=dict(depth=50),
    neck=dict(in_channels=[256, 512, 1024, 2048]),
)
