_base_ = ['vitdet_mask-rcnn.py']

model = dict(
    backbone=dict(arch='deit-small'),
    neck=dict(in_channels=384),
)
