_base_ = '../../baselines/transfer/panoptic-fpn_resnet50_external-pre_8xb1-multisteplr-180k_coco-panoptic.py'

transfer = dict(checkpoint='work_dirs/w2ssl_resnet50_4xb128-amp-coslr-200e_in1k/epoch_200.pth')
