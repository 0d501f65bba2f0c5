_base_ = 'fcn_resnet18_dino-baseline-pre_8xb2-polylr-80k_ade20k-512px.py'

model = dict(backbone=dict(depth=34))
transfer = dict(checkpoint='work_dirs/dino-baseline_resnet34_8xb128-coslr-200e_in1k/epoch_200.pth')
