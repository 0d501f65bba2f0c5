_base_ = 'faster-rcnn_resnet18-fpn_dino-baseline-pre_8xb4-multisteplr-24k_voc0712.py'

transfer = dict(checkpoint='work_dirs/dino-sslight_resnet18_8xb128-coslr-200e_in1k/epoch_200.pth')
