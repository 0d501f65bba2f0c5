_base_ = ['moco-v2_resnet50_8xb32-coslr-200e_in1k-112px.py', '../_base_/models/s3l/noconv5.py']

model = dict(backbone=_base_.noconv5, neck=dict(in_channels=1024, hidden_channels=1024))
