_base_ = [
    '../_base_/models/quickstart/mae_vit-nano-p4.py',
    '../_base_/datasets/quickstart/photo_tiles_32.py',
    '../_base_/schedules/quickstart/adamw_bs256_coslr.py',
    '../_base_/default_runtime.py',
]

custom_hooks = [dict(type='ReconstructionHook', interval=10)]
work_dir = 'work_dirs/quickstart/mae'
