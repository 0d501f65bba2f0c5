_base_ = '../../baselines/transfer/faster-rcnn_resnet50-fpn_external-pre_8xb1-multisteplr-24k_voc0712.py'

transfer = dict(checkpoint='work_dirs/w2ssl_resnet50_4xb128-amp-coslr-200e_in1k/epoch_200.pth')
