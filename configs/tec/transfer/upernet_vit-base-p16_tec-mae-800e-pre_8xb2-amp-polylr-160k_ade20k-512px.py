_base_ = ['upernet_vit-base-p16_tec-mae-300e-pre_8xb2-amp-polylr-160k_ade20k-512px.py']

transfer = dict(checkpoint='work_dirs/tec-mae_vit-base-p16_8xb256-accum2-amp-coslr-800e_in1k/epoch_800.pth')
