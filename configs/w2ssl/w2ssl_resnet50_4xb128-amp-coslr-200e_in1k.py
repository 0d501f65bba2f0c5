# 256 montages of each view in a step, which the paper calls a batch of 256
_base_ = [
    '../_base_/models/w2ssl/w2ssl_resnet50.py',
    '../_base_/datasets/w2ssl/in1k_regions_224.py',
    '../_base_/schedules/w2ssl/lars_bs512_coslr.py',
    '../_base_/runtimes/sslight/pretrain.py',
]
