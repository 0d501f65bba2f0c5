_base_ = ['resnet50_w2ssl-pre_1xb256-linear-coslr-100e_in1k.py']

checkpoint = 'work_dirs/w2ssl_resnet50_8xb256-amp-coslr-200e_in1k/epoch_200.pth'
model = dict(backbone=dict(init_cfg=dict(checkpoint=checkpoint)))
