_base_ = [
    '../_base_/models/s3l/simclr_resnet50.py',
    '../_base_/datasets/small/cub200.py',
    '../_base_/datasets/s3l/two_views.py',
    '../_base_/schedules/s3l/sgd_coslr.py',
    '../_base_/runtimes/sslight/pretrain.py',
]

train_dataloader = dict(batch_size=128, dataset=_base_.train_set)
optim_wrapper = dict(optimizer=dict(lr=0.5))
param_scheduler = dict(warmup_epochs=10, start=0.01)
