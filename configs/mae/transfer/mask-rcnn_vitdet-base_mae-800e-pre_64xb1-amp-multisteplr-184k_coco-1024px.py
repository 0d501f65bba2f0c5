_base_ = ['mask-rcnn_vitdet-base_mae-1600e-pre_64xb1-amp-multisteplr-184k_coco-1024px.py']

transfer = dict(checkpoint='work_dirs/mae_vit-base-p16_8xb512-amp-coslr-800e_in1k/epoch_800.pth')
