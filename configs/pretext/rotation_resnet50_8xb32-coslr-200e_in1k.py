_base_ = [
    '../_base_/models/pretext/rotation_resnet50.py',
    '../_base_/datasets/pretext/in1k_crop_224.py',
    '../_base_/schedules/pretext/sgd_bs256_coslr.py',
    '../_base_/runtimes/sslight/pretrain.py',
]
