_base_ = [
    '../../_base_/models/mae/vit-base-p16_features.py',
    '../../_base_/datasets/s3l/in1k_classify_224.py',
    '../../_base_/evaluation/mocov3/linear.py',
    '../../_base_/runtimes/keep_best.py',
]

checkpoint = 'work_dirs/mocov3_vit-base-p16_64xb64-amp-coslr-300e_in1k/epoch_300.pth'
model = dict(_base_.probe, num_classes=1000, pool='cls', backbone=dict(init_cfg=dict(checkpoint=checkpoint)))
train_dataloader = dict(batch_size=128)
optim_wrapper = dict(optimizer=dict(lr=3.0 * 1024 / 256))
