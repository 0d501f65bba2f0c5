_base_ = ['../../s3l/benchmarks/resnet50_moco-v2-in1k-pre_8xb32-linear-multisteplr-100e_in1k.py']

checkpoint = 'work_dirs/moco-v1_resnet50_8xb32-multisteplr-200e_in1k/epoch_200.pth'
model = dict(backbone=dict(init_cfg=dict(checkpoint=checkpoint)))
