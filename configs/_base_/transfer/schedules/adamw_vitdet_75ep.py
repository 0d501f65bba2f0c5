# ViTDet-H, 75 epochs. detectron2 also decays norms and positions of this one.
_base_ = ['adamw_vitdet_100ep.py']

optim_wrapper = dict(paramwise_cfg=dict(layer_decay=0.9))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.001, by_epoch=False, begin=0, end=251),
    dict(type='MultiStepLR', by_epoch=False, milestones=[122_916, 133_159], gamma=0.1),
]
train_cfg = dict(max_iters=138_281)
