_base_ = [
    '../../_base_/transfer/models/fcn.py',
    '../../_base_/transfer/datasets/ade20k_512.py',
    '../../_base_/transfer/schedules/sgd_poly_80k.py',
    '../../_base_/transfer/mmseg_runtime.py',
]

transfer = dict(checkpoint='work_dirs/dino-sslight_resnet18_8xb128-coslr-200e_in1k/epoch_200.pth')
