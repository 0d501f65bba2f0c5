_base_ = ['mae-priv-gap_vit-small-p16_8xb512-amp-coslr-100e_in1k.py']

param_scheduler = dict(warmup_epochs=40)
train_cfg = dict(max_epochs=400)
