"""The images of "1x", 8 per step: JigClu's and W2SSL's schedule."""

_base_ = 'sgd_bs16_180k.py'

optim_wrapper = dict(optimizer=dict(lr=0.01))
auto_scale_lr = dict(base_batch_size=8)
