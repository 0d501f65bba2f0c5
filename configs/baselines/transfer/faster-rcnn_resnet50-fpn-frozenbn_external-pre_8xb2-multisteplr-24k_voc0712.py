_base_ = [
    '../../_base_/transfer/models/faster-rcnn_resnet50-fpn-frozenbn.py',
    '../../_base_/transfer/datasets/voc0712_detection.py',
    '../../_base_/transfer/schedules/sgd_bs16_voc-24k.py',
    '../../_base_/transfer/mmdet_runtime.py',
]

# torchvision's layout, MoCo's (its query encoder), or any other that the converters know
transfer = dict(checkpoint='checkpoints/resnet50.pth')
model = dict(roi_head=dict(bbox_head=dict(num_classes=20)))
