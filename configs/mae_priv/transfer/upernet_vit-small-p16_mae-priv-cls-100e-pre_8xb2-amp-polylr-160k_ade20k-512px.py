_base_ = ['upernet_vit-small-p16_mae-priv-gap-100e-pre_8xb2-amp-polylr-160k_ade20k-512px.py']

model = dict(backbone=dict(with_cls_token=True))
transfer = dict(checkpoint='work_dirs/mae-priv-cls_vit-small-p16_8xb512-amp-coslr-100e_in1k/epoch_100.pth')
