# MAE on objects of ten classes, of Debian's package tuxpaint-stamps-default: 4,600 pictures of 145 objects
_base_ = [
    '../_base_/models/quickstart/mae_vit-nano-p4.py',
    '../_base_/datasets/quickstart/photo_tiles_32.py',
    '../_base_/schedules/quickstart/adamw_bs64_warmup_coslr.py',
    '../_base_/default_runtime.py',
]

stamps = dict(_delete_=True, type='Stamps', size=32, per_class=460, pipeline=_base_.train_pipeline)
train_dataloader = dict(dataset=stamps)
optim_wrapper = dict(optimizer=dict(lr=1.5e-3))
auto_scale_lr = dict(base_batch_size=256)
custom_hooks = [dict(type='ReconstructionHook', interval=10)]
work_dir = 'work_dirs/quickstart/mae-stamps'
