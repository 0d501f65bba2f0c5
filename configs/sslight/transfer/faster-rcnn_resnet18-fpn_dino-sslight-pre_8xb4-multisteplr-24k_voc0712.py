_base_ = [
    '../../_base_/transfer/models/faster-rcnn_fpn.py',
    '../../_base_/transfer/datasets/voc0712_detection.py',
    '../../_base_/transfer/schedules/sgd_bs32_voc-24k.py',
    '../../_base_/transfer/mmdet_runtime.py',
]

model = dict(roi_head=dict(bbox_head=dict(num_classes=20)))
train_dataloader = dict(batch_size=4)
transfer = dict(checkpoint='work_dirs/dino-sslight_resnet18_8xb128-coslr-200e_in1k/epoch_200.pth')
