# S3L has no script for SimSiam: the learning rate follows the rule of its own paper
_base_ = [
    '../_base_/models/s3l/simsiam_resnet50.py',
    '../_base_/datasets/small/cub200.py',
    '../_base_/datasets/s3l/two_views.py',
    '../_base_/schedules/s3l/sgd_coslr.py',
    '../_base_/runtimes/sslight/pretrain.py',
]

train_dataloader = dict(dataset=_base_.train_set)
optim_wrapper = dict(optimizer=dict(lr=0.05 * 128 / 256))
