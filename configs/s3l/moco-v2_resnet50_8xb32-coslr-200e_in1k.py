_base_ = [
    '../_base_/models/s3l/moco-v2_resnet50.py',
    '../_base_/datasets/s3l/in1k_two_views_224.py',
    '../_base_/schedules/s3l/sgd_coslr.py',
    '../_base_/runtimes/sslight/pretrain.py',
]
