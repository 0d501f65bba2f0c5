"""FCN on MobileNetV2 with dilated last stages (stride 8), on the 1280 channels that pre-training pools."""

_base_ = 'fcn.py'

model = dict(
    backbone=dict(
        _delete_=True,
        type='sslrecipes.DilatedMobileNetV2',
        output_stride=8,
        out_indices=(4, 7),
        frozen_stages=-1,
        norm_cfg=dict(type='SyncBN', requires_grad=True),
        norm_eval=False,
    ),
    decode_head=dict(in_channels=1280, in_index=1, channels=512),
    auxiliary_head=dict(in_channels=96, in_index=0, channels=256),
)
