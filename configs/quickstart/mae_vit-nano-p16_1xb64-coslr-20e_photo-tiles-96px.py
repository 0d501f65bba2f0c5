_base_ = [
    '../_base_/models/quickstart/mae_vit-nano-p16.py',
    '../_base_/datasets/quickstart/photo_tiles_96.py',
    '../_base_/schedules/quickstart/adamw_bs64_warmup_coslr.py',
    '../_base_/default_runtime.py',
]

custom_hooks = [dict(type='ReconstructionHook', interval=10)]
work_dir = 'work_dirs/quickstart/mae'
