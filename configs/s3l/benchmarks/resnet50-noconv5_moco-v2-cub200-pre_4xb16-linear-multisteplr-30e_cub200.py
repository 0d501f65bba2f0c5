# The features of the network as it was pre-trained, which end with conv4
_base_ = [
    'resnet50_moco-v2-in1k-pre_4xb16-linear-multisteplr-30e_cub200.py',
    '../../_base_/models/s3l/noconv5.py',
]

checkpoint = 'work_dirs/moco-v2_resnet50-noconv5_4xb32-coslr-200e_cub200/epoch_200.pth'
model = dict(in_channels=1024, backbone=dict(_base_.noconv5, init_cfg=dict(checkpoint=checkpoint)))
