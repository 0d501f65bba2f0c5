# SimSiam with the sizes and settings of its own paper, to compare with
_base_ = [
    '../_base_/models/s3l/simsiam_resnet50.py',
    '../_base_/datasets/s3l/in1k_two_views_224.py',
    '../_base_/schedules/s3l/sgd_coslr.py',
    '../_base_/runtimes/sslight/pretrain.py',
]

model = dict(
    backbone=dict(zero_init_residual=True),
    neck=dict(hidden_channels=2048, out_channels=2048, bias=False, last_norm='plain', train_last_bias=False),
    head=dict(predictor=dict(in_channels=2048, hidden_channels=512, out_channels=2048, bias=False)),
)
optim_wrapper = dict(
    optimizer=dict(lr=0.05 * 512 / 256),
    paramwise_cfg=dict(custom_keys={'head.predictor': dict(fix_lr=True)}),
)
train_cfg = dict(max_epochs=100)
train_dataloader = dict(batch_size=64)

sync_bn = 'torch'
auto_scale_lr = dict(base_batch_size=512, enable=False)
