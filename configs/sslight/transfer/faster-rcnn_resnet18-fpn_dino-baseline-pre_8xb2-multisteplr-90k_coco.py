_base_ = [
    '../../_base_/transfer/models/faster-rcnn_fpn.py',
    '../../_base_/transfer/datasets/coco_detection.py',
    '../../_base_/transfer/schedules/sgd_bs16_90k.py',
    '../../_base_/transfer/mmdet_runtime.py',
]

transfer = dict(checkpoint='work_dirs/dino-baseline_resnet18_8xb128-coslr-200e_in1k/epoch_200.pth')
