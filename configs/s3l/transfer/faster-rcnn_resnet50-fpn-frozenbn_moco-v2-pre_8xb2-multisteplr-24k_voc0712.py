_base_ = '../../baselines/transfer/faster-rcnn_resnet50-fpn-frozenbn_external-pre_8xb2-multisteplr-24k_voc0712.py'

transfer = dict(checkpoint='work_dirs/moco-v2_resnet50_8xb32-coslr-200e_in1k/epoch_200.pth')
