_base_ = '../../baselines/transfer/mask-rcnn_resnet50-c4_external-pre_8xb2-multisteplr-90k_coco.py'

transfer = dict(checkpoint='work_dirs/moco-v2_resnet50_8xb32-coslr-200e_in1k/epoch_200.pth')
