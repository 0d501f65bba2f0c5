# 1024 montages of each view in a step
_base_ = ['w2ssl_resnet50_4xb128-amp-coslr-200e_in1k.py']

train_dataloader = dict(batch_size=256)
optim_wrapper = dict(optimizer=dict(lr=0.6 * 2048 / 256))
auto_scale_lr = dict(base_batch_size=2048)
