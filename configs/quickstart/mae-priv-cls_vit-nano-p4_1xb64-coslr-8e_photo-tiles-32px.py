# MAE-priv with a class token, which goes through the encoder but not to the decoder
_base_ = 'mae-priv-gap_vit-nano-p4_1xb64-coslr-8e_photo-tiles-32px.py'

model = dict(backbone=dict(with_cls_token=True))
work_dir = 'work_dirs/quickstart/mae-priv/cls'
