_base_ = [
    '../../_base_/transfer/models/mask-rcnn_resnet50-fpn-4conv.py',
    '../../_base_/transfer/datasets/coco_instance.py',
    '../../_base_/transfer/schedules/sgd_bs8_180k.py',
    '../../_base_/transfer/precise_bn.py',
    '../../_base_/transfer/mmdet_runtime.py',
]

# torchvision's layout, MoCo's (its query encoder), or any other that the converters know
transfer = dict(checkpoint='checkpoints/resnet50.pth')
train_dataloader = dict(batch_size=1)
