_base_ = ['vitdet_mask-rcnn.py']

model = dict(
    backbone=dict(arch='large', drop_path_rate=0.4),
    neck=dict(in_channels=1024),
)
