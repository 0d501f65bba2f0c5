_base_ = [
    '../_base_/models/quickstart/tec_vit-nano-p16.py',
    '../_base_/datasets/quickstart/photo_tiles_96.py',
    '../_base_/schedules/quickstart/adamw_bs64_warmup_coslr.py',
    '../_base_/default_runtime.py',
]

train_cfg = dict(max_epochs=16)
work_dir = 'work_dirs/quickstart/tec'
