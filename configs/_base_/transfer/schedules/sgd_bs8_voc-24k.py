"""JigClu's and W2SSL's schedule for Pascal VOC 07+12 of 8 images per step."""

_base_ = 'sgd_bs16_voc-24k.py'

optim_wrapper = dict(optimizer=dict(lr=0.01))
auto_scale_lr = dict(base_batch_size=8)
