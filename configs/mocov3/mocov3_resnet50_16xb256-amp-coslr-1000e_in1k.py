_base_ = [
    '../_base_/models/mocov3/resnet50.py',
    '../_base_/datasets/mocov3/in1k_two_views_224.py',
    '../_base_/schedules/mocov3/lars_bs4096_coslr.py',
    '../_base_/runtimes/sslight/pretrain.py',
]

model = dict(base_momentum=0.996)
optim_wrapper = dict(optimizer=dict(lr=0.3 * 4096 / 256, weight_decay=1.5e-6))
train_cfg = dict(max_epochs=1000)
