# Each image has its own mask, as in MAE's paper (officially --no_batched_shuffle)
_base_ = ['../mae-priv-gap_vit-small-p16_8xb512-amp-coslr-100e_in1k.py']

model = dict(backbone=dict(batched_shuffle=False))
