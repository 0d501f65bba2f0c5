# As for the GAP variant; the classifier sees the class token after a fresh final norm
_base_ = 'vit-nano-p4_mae-priv-gap-pre_1xb64-coslr-3e_photo-tiles-32px.py'

model = dict(
    backbone=dict(
        with_cls_token=True,
        out_type='cls_token',
        final_norm=True,
        init_cfg=dict(checkpoint='work_dirs/quickstart/mae-priv/cls/epoch_8.pth', ignore=(), fresh=('ln1.',)),
    )
)
work_dir = 'work_dirs/quickstart/mae-priv/cls-finetune'
