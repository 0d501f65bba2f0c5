_base_ = ['../../mae/transfer/mask-rcnn_vitdet-base_mae-1600e-pre_8xb2-amp-multisteplr-90k_coco.py']

transfer = dict(checkpoint='work_dirs/tec-mae_vit-base-p16_8xb256-accum2-amp-coslr-300e_in1k/epoch_300.pth')
