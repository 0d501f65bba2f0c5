_base_ = [
    '../_base_/models/mocov3/resnet50.py',
    '../_base_/datasets/mocov3/in1k_two_views_224.py',
    '../_base_/schedules/mocov3/lars_bs4096_coslr.py',
    '../_base_/runtimes/sslight/pretrain.py',
]

optim_wrapper = dict(optimizer=dict(lr=0.3 * 4096 / 256))
train_cfg = dict(max_epochs=300)
