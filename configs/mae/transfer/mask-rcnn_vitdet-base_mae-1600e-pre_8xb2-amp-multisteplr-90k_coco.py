_base_ = [
    '../../_base_/transfer/models/vitdet_mask-rcnn.py',
    '../../_base_/transfer/datasets/coco_instance.py',
    '../../_base_/transfer/schedules/adamw_vitdet_90k.py',
    '../../_base_/transfer/mmdet_runtime.py',
]

train_dataloader = dict(batch_size=2)
transfer = dict(checkpoint='work_dirs/mae_vit-base-p16_8xb512-amp-coslr-1600e_in1k/epoch_1600.pth')
