_base_ = ['mask-rcnn_vitdet-small_mae-priv-gap-100e-pre_64xb1-amp-multisteplr-184k_coco-1024px.py']

model = dict(backbone=dict(with_cls_token=True))
transfer = dict(checkpoint='work_dirs/mae-priv-cls_vit-small-p16_8xb512-amp-coslr-100e_in1k/epoch_100.pth')
