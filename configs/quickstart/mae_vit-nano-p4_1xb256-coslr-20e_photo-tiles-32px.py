# The smallest MAE: 64 patches of 4 px of tiles of 32 px in colour, 18 steps an epoch
_base_ = [
    '../_base_/models/quickstart/mae_vit-nano-p16.py',
    '../_base_/datasets/quickstart/photo_tiles_32.py',
    '../_base_/schedules/quickstart/adamw_bs64_warmup_coslr.py',
    '../_base_/default_runtime.py',
]

model = dict(
    backbone=dict(img_size=32, patch_size=4),
    neck=dict(num_patches=64, patch_size=4),
    head=dict(patch_size=4),
)
optim_wrapper = dict(optimizer=dict(lr=1.5e-3))
auto_scale_lr = dict(base_batch_size=256)
custom_hooks = [dict(type='ReconstructionHook', interval=10)]
work_dir = 'work_dirs/quickstart/mae-p4'
