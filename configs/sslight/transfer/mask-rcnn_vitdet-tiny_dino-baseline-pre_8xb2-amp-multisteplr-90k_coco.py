_base_ = [
    '../../_base_/transfer/models/vitdet-tiny_mask-rcnn.py',
    '../../_base_/transfer/datasets/coco_instance.py',
    '../../_base_/transfer/schedules/adamw_vitdet_90k.py',
    '../../_base_/transfer/mmdet_runtime.py',
]

train_dataloader = dict(batch_size=2)
transfer = dict(checkpoint='work_dirs/dino-baseline_vit-tiny-p16_8xb128-coslr-200e_in1k/epoch_200.pth')
