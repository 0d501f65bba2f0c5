_base_ = [
    '../_base_/models/pretext/jigsaw_resnet50.py',
    '../_base_/datasets/pretext/in1k_jigsaw_225.py',
    '../_base_/schedules/pretext/sgd_bs256_coslr.py',
    '../_base_/runtimes/sslight/pretrain.py',
]
