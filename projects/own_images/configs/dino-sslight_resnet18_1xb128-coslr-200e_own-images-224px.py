"""SSLight's DINO on a folder of unlabelled pictures, on one GPU; batch 128 where the ImageNet recipe has 1024.

Without labels there is neither the linear probe that learns beside the method nor a validation set.
"""

_base_ = '../../../configs/sslight/dino-sslight_resnet18_8xb128-coslr-200e_in1k.py'

model = dict(probe=None)
train_dataloader = dict(
    dataset=dict(_delete_=True, type='ImageFolder', data_root='data/images', pipeline=_base_.train_pipeline)
)
val_dataloader = val_cfg = val_evaluator = None

optim_wrapper = dict(optimizer=dict(lr=1.92 * 128 / 1024))
param_scheduler = dict(final=0.0048 * 128 / 1024)
auto_scale_lr = dict(base_batch_size=128)
