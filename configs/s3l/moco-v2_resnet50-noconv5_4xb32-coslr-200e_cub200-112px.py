_base_ = ['moco-v2_resnet50_4xb32-coslr-200e_cub200-112px.py', '../_base_/models/s3l/noconv5.py']

model = dict(backbone=_base_.noconv5, neck=dict(in_channels=1024, hidden_channels=1024))
