_base_ = 'mask-rcnn_mobilenetv2-fpn_dino-baseline-pre_8xb2-multisteplr-90k_coco.py'

transfer = dict(checkpoint='work_dirs/moco-sslight_mobilenetv2_8xb128-coslr-200e_in1k/epoch_200.pth')
