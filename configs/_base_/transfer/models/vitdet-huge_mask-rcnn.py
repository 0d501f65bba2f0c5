# ViTDet-H: patches of 16 px, whose kernels are resized from the 14 px of pre-training.
_base_ = ['vitdet_mask-rcnn.py']

model = dict(
    backbone=dict(arch='huge', pretrained_patch_size=14, drop_path_rate=0.5),
    neck=dict(in_channels=1280),
)
