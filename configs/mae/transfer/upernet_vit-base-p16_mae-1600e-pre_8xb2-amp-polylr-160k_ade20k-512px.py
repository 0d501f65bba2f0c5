_base_ = [
    '../../_base_/transfer/models/upernet_vit.py',
    '../../_base_/transfer/datasets/ade20k_512.py',
    '../../_base_/transfer/schedules/adamw_upernet_vit_160k.py',
    '../../_base_/transfer/mmseg_runtime.py',
]

train_dataloader = dict(batch_size=2)
transfer = dict(checkpoint='work_dirs/mae_vit-base-p16_8xb512-amp-coslr-1600e_in1k/epoch_1600.pth')
