# Fine-tuning on 1,000 labelled pictures, with S3L's settings
_base_ = [
    '../_base_/models/quickstart/resnet-nano-d_classifier.py',
    '../_base_/datasets/quickstart/fashion_mnist_32_finetune.py',
    '../_base_/schedules/s3l/sgd_coslr_finetune.py',
    '../_base_/default_runtime.py',
]

checkpoint = 'work_dirs/simclr_resnet-nano-d_1xb128-coslr-2e_fashion-mnist-32px/epoch_2.pth'
model = dict(backbone=dict(init_cfg=dict(checkpoint=checkpoint)), head=dict(num_classes=10))

train_cfg = dict(max_epochs=20, val_interval=20)
