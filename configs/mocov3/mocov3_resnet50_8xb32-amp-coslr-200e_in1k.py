# Our settings: nobody publishes those of 200 epochs at a batch of 256. The rate is that of 100 epochs, and of W2SSL.
_base_ = [
    '../_base_/models/mocov3/resnet50.py',
    '../_base_/datasets/mocov3/in1k_two_views_224.py',
    '../_base_/schedules/mocov3/lars_bs4096_coslr.py',
    '../_base_/runtimes/sslight/pretrain.py',
]

optim_wrapper = dict(optimizer=dict(lr=0.6 * 256 / 256))
train_dataloader = dict(batch_size=32)
train_cfg = dict(max_epochs=200)
auto_scale_lr = dict(base_batch_size=256)
