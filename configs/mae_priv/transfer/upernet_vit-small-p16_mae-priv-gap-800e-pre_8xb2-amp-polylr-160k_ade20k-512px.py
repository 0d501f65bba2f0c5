# ViT-S: no published recipe; that of ViT-B
_base_ = [
    '../../_base_/transfer/models/upernet_vit-small.py',
    '../../_base_/transfer/datasets/ade20k_512.py',
    '../../_base_/transfer/schedules/adamw_upernet_vit_160k.py',
    '../../_base_/transfer/mmseg_runtime.py',
]

model = dict(backbone=dict(with_cls_token=False))
train_dataloader = dict(batch_size=2)
transfer = dict(checkpoint='work_dirs/mae-priv-gap_vit-small-p16_8xb512-amp-coslr-800e_in1k/epoch_800.pth')
