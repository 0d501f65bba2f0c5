# Linear probe of the GAP variant: MAE-priv's by SGD, in 216 steps at a higher learning rate for its batch
_base_ = [
    '../_base_/models/quickstart/mae-priv_vit-nano-p4_features.py',
    '../_base_/datasets/quickstart/photo_tiles_32_eval.py',
    '../_base_/evaluation/mae_priv/linear_sgd.py',
    '../_base_/runtimes/mae_priv/keep_best.py',
]

checkpoint = 'work_dirs/quickstart/mae-priv/gap/epoch_8.pth'
model = dict(_base_.probe, num_classes=18, backbone=dict(init_cfg=dict(checkpoint=checkpoint)))
train_dataloader = dict(batch_size=64, drop_last=True)

optim_wrapper = dict(optimizer=dict(lr=0.5))
param_scheduler = dict(warmup_epochs=1)
train_cfg = dict(max_epochs=3, val_interval=3)
auto_scale_lr = dict(base_batch_size=64)

work_dir = 'work_dirs/quickstart/mae-priv/gap-linear'
