"""MAE on a folder of unlabelled pictures, on one GPU; effective batch 256 where the ImageNet recipe has 4096."""

_base_ = [
    '../../../configs/_base_/models/mae/vit-base-p16.py',
    '../../../configs/_base_/datasets/mae/image_folder_224.py',
    '../../../configs/_base_/schedules/mae/adamw_bs4096_coslr_pretrain.py',
    '../../../configs/_base_/default_runtime.py',
]

train_dataloader = dict(batch_size=64, dataset=dict(data_root='data/images'))

optim_wrapper = dict(accumulative_counts=4, optimizer=dict(lr=1.5e-4 * 256 / 256))
auto_scale_lr = dict(base_batch_size=256)

custom_hooks = [dict(type='ReconstructionHook', interval=10)]
