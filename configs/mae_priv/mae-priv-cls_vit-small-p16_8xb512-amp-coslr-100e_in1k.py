_base_ = ['mae-priv-gap_vit-small-p16_8xb512-amp-coslr-100e_in1k.py']

model = dict(backbone=dict(with_cls_token=True))
