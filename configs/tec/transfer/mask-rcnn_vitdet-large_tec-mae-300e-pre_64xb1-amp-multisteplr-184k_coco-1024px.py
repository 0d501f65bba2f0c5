_base_ = ['../../mae/transfer/mask-rcnn_vitdet-large_mae-1600e-pre_64xb1-amp-multisteplr-184k_coco-1024px.py']

transfer = dict(checkpoint='work_dirs/tec-mae_vit-large-p16_8xb256-accum2-amp-coslr-300e_in1k/epoch_300.pth')
