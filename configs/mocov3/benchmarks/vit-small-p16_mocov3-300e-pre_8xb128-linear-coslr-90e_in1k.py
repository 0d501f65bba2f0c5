_base_ = [
    'vit-base-p16_mocov3-300e-pre_8xb128-linear-coslr-90e_in1k.py',
    '../../_base_/models/mocov3/small.py',
]

checkpoint = 'work_dirs/mocov3_vit-small-p16_32xb128-amp-coslr-300e_in1k/epoch_300.pth'
model = dict(backbone=dict(arch=dict(_base_.vit_small, _delete_=True), init_cfg=dict(checkpoint=checkpoint)))
