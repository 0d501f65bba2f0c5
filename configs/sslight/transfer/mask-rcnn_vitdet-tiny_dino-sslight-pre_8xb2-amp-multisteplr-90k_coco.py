_base_ = ['mask-rcnn_vitdet-tiny_dino-baseline-pre_8xb2-amp-multisteplr-90k_coco.py']

transfer = dict(checkpoint='work_dirs/dino-sslight_vit-tiny-p16_8xb128-coslr-200e_in1k/epoch_200.pth')
