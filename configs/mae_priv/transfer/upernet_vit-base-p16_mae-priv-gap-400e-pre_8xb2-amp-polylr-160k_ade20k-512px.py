_base_ = ['../../mae/transfer/upernet_vit-base-p16_mae-1600e-pre_8xb2-amp-polylr-160k_ade20k-512px.py']

model = dict(backbone=dict(with_cls_token=False))
transfer = dict(checkpoint='work_dirs/mae-priv-gap_vit-base-p16_8xb512-amp-coslr-400e_in1k/epoch_400.pth')
