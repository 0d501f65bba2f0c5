# A new conv5 for the network that was pre-trained without one
_base_ = [
    '../_base_/models/quickstart/resnet-nano-d_conv5-warmup.py',
    '../_base_/datasets/quickstart/fashion_mnist_32_finetune.py',
    '../_base_/schedules/s3l/sgd_constlr_conv5-warmup.py',
    '../_base_/default_runtime.py',
]

checkpoint = 'work_dirs/simclr_resnet-nano-d-noconv5_1xb128-coslr-2e_fashion-mnist-32px/epoch_2.pth'
model = dict(backbone=dict(init_cfg=dict(checkpoint=checkpoint)), head=dict(num_classes=10))

train_cfg = dict(val_interval=10)
