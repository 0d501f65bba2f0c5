# MoCo v2 on the birds that count. The queue is as long as two thirds of the data set: see the README.
_base_ = [
    '../_base_/models/s3l/moco-v2_resnet50.py',
    '../_base_/datasets/small/cub200.py',
    '../_base_/datasets/s3l/two_views.py',
    '../_base_/schedules/s3l/sgd_coslr.py',
    '../_base_/runtimes/sslight/pretrain.py',
]

model = dict(head=dict(queue_length=4096))
train_dataloader = dict(dataset=_base_.train_set)
