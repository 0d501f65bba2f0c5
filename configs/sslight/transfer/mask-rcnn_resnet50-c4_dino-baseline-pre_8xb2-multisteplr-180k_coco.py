_base_ = [
    '../../_base_/transfer/models/mask-rcnn_c4.py',
    '../../_base_/transfer/datasets/coco_instance.py',
    '../../_base_/transfer/schedules/sgd_bs16_180k.py',
    '../../_base_/transfer/precise_bn.py',
    '../../_base_/transfer/mmdet_runtime.py',
]

transfer = dict(checkpoint='work_dirs/dino-baseline_resnet50_8xb128-coslr-200e_in1k/epoch_200.pth')
