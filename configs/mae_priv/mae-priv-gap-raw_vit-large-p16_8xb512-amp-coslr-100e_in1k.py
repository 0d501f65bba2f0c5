_base_ = ['mae-priv-gap_vit-large-p16_8xb512-amp-coslr-100e_in1k.py']

model = dict(head=dict(norm_pix=False))
