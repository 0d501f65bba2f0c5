_base_ = ['upernet_vit-base-p16_mae-1600e-pre_8xb2-amp-polylr-160k_ade20k-512px.py']

transfer = dict(checkpoint='work_dirs/mae_vit-base-p16_8xb512-amp-coslr-300e_in1k/epoch_300.pth')
