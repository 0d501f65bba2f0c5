# ViT-S: no published recipe; that of ViT-B
_base_ = [
    '../../_base_/transfer/models/vitdet-small_mask-rcnn.py',
    '../../_base_/transfer/datasets/coco_instance_lsj_1024.py',
    '../../_base_/transfer/schedules/adamw_vitdet_100ep.py',
    '../../_base_/transfer/mmdet_runtime.py',
]

model = dict(
    backbone=dict(with_cls_token=False),
    data_preprocessor=dict(pad_size_divisor=1024),  # whole squares, in testing as well
)
train_dataloader = dict(batch_size=1)
transfer = dict(checkpoint='work_dirs/mae-priv-gap_vit-small-p16_8xb512-amp-coslr-800e_in1k/epoch_800.pth')
