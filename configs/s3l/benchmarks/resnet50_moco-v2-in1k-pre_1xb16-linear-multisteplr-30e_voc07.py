# The settings of an older official script, in which they are commented out. Its batch norms go on averaging; here the
# features are frozen.
_base_ = ['resnet50_moco-v2-in1k-pre_4xb16-coslr-60e_voc07.py']

model = dict(
    backbone=dict(frozen_stages=4),
    head=dict(init_cfg=dict(_delete_=True, type='Normal', layer='Linear', std=0.01)),
)
train_dataloader = dict(drop_last=True)
optim_wrapper = dict(optimizer=dict(lr=10.0))
param_scheduler = dict(_delete_=True, type='MultiStepLR', milestones=[10, 20], gamma=0.1)
train_cfg = dict(max_epochs=30)
custom_hooks = [dict(type='FrozenBackboneHook')]
auto_scale_lr = dict(base_batch_size=16)
