_base_ = ['upernet_vit-large-p16_mae-priv-gap-100e-pre_8xb2-amp-polylr-160k_ade20k-512px.py']

transfer = dict(checkpoint='work_dirs/mae-priv-gap-raw_vit-large-p16_8xb512-amp-coslr-100e_in1k/epoch_100.pth')
