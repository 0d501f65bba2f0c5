# ViT-H: no published recipe; that of ViT-B with the drop path of MAE's fine-tuning and the layer decay of ViTDet-H
_base_ = [
    '../../_base_/transfer/models/upernet_vit-huge.py',
    '../../_base_/transfer/datasets/ade20k_512.py',
    '../../_base_/transfer/schedules/adamw_upernet_vit_160k.py',
    '../../_base_/transfer/mmseg_runtime.py',
]

model = dict(backbone=dict(with_cls_token=False))
train_dataloader = dict(batch_size=2)
optim_wrapper = dict(paramwise_cfg=dict(layer_decay=0.9))
transfer = dict(checkpoint='work_dirs/mae-priv-gap_vit-huge-p14_8xb512-amp-coslr-100e_in1k/epoch_100.pth')
