_base_ = ['mask-rcnn_vitdet-small_mae-priv-gap-100e-pre_64xb1-amp-multisteplr-184k_coco-1024px.py']

transfer = dict(checkpoint='work_dirs/mae-priv-gap_vit-small-p16_8xb512-amp-coslr-1600e_in1k/epoch_1600.pth')
