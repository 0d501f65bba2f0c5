_base_ = [
    '../../_base_/transfer/models/mask-rcnn_resnet50-fpn-frozenbn.py',
    '../../_base_/transfer/datasets/coco_instance.py',
    '../../_base_/transfer/schedules/sgd_bs16_90k.py',
    '../../_base_/transfer/mmdet_runtime.py',
]

# torchvision's layout, MoCo's (its query encoder), or any other that the converters know
transfer = dict(checkpoint='checkpoints/resnet50.pth')
