_base_ = ['vit-small-p16_mae-priv-gap-100e-pre_8xb128-amp-coslr-50e_in1k.py']

train_pipeline = [_base_.load, _base_.crop, _base_.flip, _base_.augment, _base_.erase, _base_.pack]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
