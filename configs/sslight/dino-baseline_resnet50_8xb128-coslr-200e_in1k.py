_base_ = [
    '../_base_/models/sslight/dino_resnet50.py',
    '../_base_/datasets/sslight/in1k_multi_crop_224.py',
    '../_base_/schedules/sslight/lars_bs1024_coslr.py',
    '../_base_/runtimes/sslight/pretrain.py',
]
