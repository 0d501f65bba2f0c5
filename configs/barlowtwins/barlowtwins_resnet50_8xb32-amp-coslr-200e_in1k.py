_base_ = [
    '../_base_/models/barlowtwins/barlowtwins_resnet50.py',
    '../_base_/datasets/barlowtwins/in1k_two_views_224.py',
    '../_base_/schedules/barlowtwins/lars_coslr.py',
    '../_base_/runtimes/sslight/pretrain.py',
]
