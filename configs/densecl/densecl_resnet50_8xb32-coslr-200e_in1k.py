# DenseCL with the views and the schedule of MoCo v2, as its authors train it
_base_ = [
    '../_base_/models/densecl/densecl_resnet50.py',
    '../_base_/datasets/s3l/in1k_two_views_224.py',
    '../_base_/schedules/s3l/sgd_coslr.py',
    '../_base_/runtimes/sslight/pretrain.py',
]
