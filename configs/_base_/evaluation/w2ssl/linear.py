"""Linear classification of W2SSL: MoCo v3's for batches of 256, longer.

Inherit it beside a FeatureModel, a data set and runtimes/keep_best.py, and add:

    model = dict(_base_.probe, num_classes=1000, in_channels=2048)
"""

_base_ = ['../mocov3/linear.py']

optim_wrapper = dict(optimizer=dict(lr=0.1 * 256 / 256))
train_cfg = dict(max_epochs=100)
auto_scale_lr = dict(base_batch_size=256)
