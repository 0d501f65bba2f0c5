_base_ = 'faster-rcnn_resnet50-fpn_dino-baseline-pre_8xb2-multisteplr-90k_coco.py'

transfer = dict(checkpoint='work_dirs/dino-sslight_resnet50_8xb128-coslr-200e_in1k/epoch_200.pth')
