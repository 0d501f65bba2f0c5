_base_ = ['../../mae/transfer/upernet_vit-large-p16_mae-1600e-pre_8xb2-amp-polylr-160k_ade20k-512px.py']

transfer = dict(checkpoint='work_dirs/tec-mae_vit-large-p16_8xb256-accum2-amp-coslr-300e_in1k/epoch_300.pth')
