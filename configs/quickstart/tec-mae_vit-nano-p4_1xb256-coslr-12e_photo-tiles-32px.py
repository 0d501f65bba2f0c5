_base_ = [
    '../_base_/models/quickstart/tec_vit-nano-p4.py',
    '../_base_/datasets/quickstart/photo_tiles_32.py',
    '../_base_/schedules/quickstart/adamw_bs256_coslr.py',
    '../_base_/default_runtime.py',
]

train_cfg = dict(max_epochs=12)
work_dir = 'work_dirs/quickstart/tec'
