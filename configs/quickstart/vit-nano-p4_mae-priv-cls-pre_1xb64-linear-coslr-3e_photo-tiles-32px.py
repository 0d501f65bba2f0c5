# As for the GAP variant, on the class token
_base_ = 'vit-nano-p4_mae-priv-gap-pre_1xb64-linear-coslr-3e_photo-tiles-32px.py'

model = dict(
    backbone=dict(with_cls_token=True, init_cfg=dict(checkpoint='work_dirs/quickstart/mae-priv/cls/epoch_8.pth'))
)
work_dir = 'work_dirs/quickstart/mae-priv/cls-linear'
