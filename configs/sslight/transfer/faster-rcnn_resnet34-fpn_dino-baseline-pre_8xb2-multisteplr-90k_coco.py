_base_ = 'faster-rcnn_resnet18-fpn_dino-baseline-pre_8xb2-multisteplr-90k_coco.py'

model = dict(backbone=dict(depth=34))
transfer = dict(checkpoint='work_dirs/dino-baseline_resnet34_8xb128-coslr-200e_in1k/epoch_200.pth')
