_base_ = ['vit-small-p16_mae-priv-gap-800e-pre_8xb128-amp-coslr-50e_in1k.py']

train_cfg = dict(max_epochs=150)
