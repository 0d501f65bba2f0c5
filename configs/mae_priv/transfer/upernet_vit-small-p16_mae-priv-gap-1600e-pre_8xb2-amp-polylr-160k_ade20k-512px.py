_base_ = ['upernet_vit-small-p16_mae-priv-gap-100e-pre_8xb2-amp-polylr-160k_ade20k-512px.py']

transfer = dict(checkpoint='work_dirs/mae-priv-gap_vit-small-p16_8xb512-amp-coslr-1600e_in1k/epoch_1600.pth')
