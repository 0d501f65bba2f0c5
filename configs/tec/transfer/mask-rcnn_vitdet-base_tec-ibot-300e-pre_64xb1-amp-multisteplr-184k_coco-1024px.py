_base_ = ['mask-rcnn_vitdet-base_tec-mae-300e-pre_64xb1-amp-multisteplr-184k_coco-1024px.py']

transfer = dict(checkpoint='work_dirs/tec-ibot_vit-base-p16_8xb256-accum2-amp-coslr-300e_in1k/epoch_300.pth')
