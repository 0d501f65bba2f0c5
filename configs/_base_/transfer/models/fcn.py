"""FCN on ResNet-18 with dilated last stages (stride 8), in mmseg's usual setting; images of 512 px, ADE20K's classes.

mmpretrain dilates the first block of a stage like the others, mmseg half as much.
"""

_base_ = 'mmseg::_base_/models/fcn_r50-d8.py'

model = dict(
    pretrained=None,
    data_preprocessor=dict(size=(512, 512)),
    backbone=dict(
        _delete_=True,
        type='mmpretrain.ResNet',
        depth=18,
        strides=(1, 2, 1, 1),
        dilations=(1, 1, 2, 4),
        out_indices=(0, 1, 2, 3),
        frozen_stages=-1,
        norm_cfg=dict(type='SyncBN', requires_grad=True),
        norm_eval=False,
        style='pytorch',
        zero_init_residual=False,
    ),
    decode_head=dict(in_channels=512, channels=128, num_classes=150),
    auxiliary_head=dict(in_channels=256, channels=64, num_classes=150),
)
