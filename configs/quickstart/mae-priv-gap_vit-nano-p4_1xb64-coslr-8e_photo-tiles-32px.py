# MAE-priv without class token: its pictures are cut bilinearly, one mask serves a batch
_base_ = [
    '../_base_/models/quickstart/mae-priv_vit-nano-p4.py',
    '../_base_/datasets/quickstart/photo_tiles_32.py',
    '../_base_/schedules/quickstart/adamw_bs64_coslr.py',
    '../_base_/default_runtime.py',
]

crop = dict(_base_.crop, interpolation='bilinear')
train_pipeline = [crop, _base_.flip, _base_.pack]
train_dataloader = dict(batch_size=64, dataset=dict(pipeline=train_pipeline))

work_dir = 'work_dirs/quickstart/mae-priv/gap'
