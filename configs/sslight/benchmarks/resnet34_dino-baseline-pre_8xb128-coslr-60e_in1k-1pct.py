_base_ = [
    '../../_base_/datasets/sslight/in1k_semi_224.py',
    '../../_base_/evaluation/sslight/semi.py',
    '../../_base_/runtimes/keep_best.py',
]

checkpoint = 'work_dirs/dino-baseline_resnet34_8xb128-coslr-200e_in1k/epoch_200.pth'
model = dict(
    backbone=dict(type='ResNet', depth=34, init_cfg=dict(type='Pretrained', checkpoint=checkpoint, prefix='backbone.')),
    head=dict(in_channels=512, init_cfg=dict(checkpoint=checkpoint)),
)
