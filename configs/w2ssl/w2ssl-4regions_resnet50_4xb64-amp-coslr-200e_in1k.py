# The older code: four regions, as many montages as images, no warm-up
_base_ = ['w2ssl_resnet50_4xb128-amp-coslr-200e_in1k.py']

model = dict(head=dict(num_regions=4))
views = dict(_base_.views, **_base_.four_regions)
train_pipeline = [_base_.load, views, _base_.pack]
train_dataloader = dict(batch_size=64, dataset=dict(pipeline=train_pipeline))
optim_wrapper = dict(optimizer=dict(lr=0.6 * 256 / 256))
param_scheduler = dict(warmup_epochs=0)
auto_scale_lr = dict(base_batch_size=256)
