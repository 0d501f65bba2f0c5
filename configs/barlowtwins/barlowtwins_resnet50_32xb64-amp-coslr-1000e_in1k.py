# As its authors train it, on 32 GPUs
_base_ = 'barlowtwins_resnet50_8xb32-amp-coslr-200e_in1k.py'

optim_wrapper = dict(optimizer=dict(lr=0.2 * 2048 / 256), paramwise_cfg=dict(vector_lr_scale=0.0048 / 0.2 / 32))
param_scheduler = dict(min_lr=0.2 * 2048 / 256 * 0.001)
train_cfg = dict(max_epochs=1000)
train_dataloader = dict(batch_size=64)

auto_scale_lr = dict(base_batch_size=2048)
