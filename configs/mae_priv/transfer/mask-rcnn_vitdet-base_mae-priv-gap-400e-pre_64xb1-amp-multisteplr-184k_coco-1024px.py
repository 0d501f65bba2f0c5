_base_ = ['../../mae/transfer/mask-rcnn_vitdet-base_mae-1600e-pre_64xb1-amp-multisteplr-184k_coco-1024px.py']

model = dict(backbone=dict(with_cls_token=False))
transfer = dict(checkpoint='work_dirs/mae-priv-gap_vit-base-p16_8xb512-amp-coslr-400e_in1k/epoch_400.pth')
