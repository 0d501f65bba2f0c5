_base_ = ['upernet_vit-tiny-p16_dino-baseline-pre_8xb2-amp-polylr-160k_ade20k-512px.py']

transfer = dict(checkpoint='work_dirs/dino-sslight_vit-tiny-p16_8xb128-coslr-200e_in1k/epoch_200.pth')
