_base_ = [
    '../../_base_/transfer/models/upernet_vit-tiny.py',
    '../../_base_/transfer/datasets/ade20k_512.py',
    '../../_base_/transfer/schedules/adamw_upernet_vit_160k.py',
    '../../_base_/transfer/mmseg_runtime.py',
]

train_dataloader = dict(batch_size=2)
transfer = dict(checkpoint='work_dirs/dino-sslight_vit-tiny-p16_8xb128-coslr-200e_in1k/epoch_200.pth')
