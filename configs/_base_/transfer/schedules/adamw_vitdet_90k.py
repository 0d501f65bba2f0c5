# The 1x schedule of CNN detectors with the optimizer of ViTDet. Not from the paper, which trains no ViT this short: the
# learning rate is the one of batch 64, because AdamW's is far from linear in the batch.
_base_ = ['adamw_vitdet_100ep.py']

param_scheduler = [
    dict(type='LinearLR', start_factor=0.001, by_epoch=False, begin=0, end=251),
    dict(type='MultiStepLR', by_epoch=False, milestones=[60_000, 80_000], gamma=0.1),
]
train_cfg = dict(max_iters=90_000, val_interval=10_000)

auto_scale_lr = dict(base_batch_size=16)
