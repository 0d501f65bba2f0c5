_base_ = ['vitdet_mask-rcnn.py']

model = dict(
    backbone=dict(arch='deit-tiny'),
    neck=dict(in_channels=192),
)
