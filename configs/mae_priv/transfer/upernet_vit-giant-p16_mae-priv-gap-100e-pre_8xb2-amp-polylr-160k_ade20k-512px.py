# ViT-G: no published recipe; that of ViT-H
_base_ = ['upernet_vit-huge-p16_mae-priv-gap-100e-pre_8xb2-amp-polylr-160k_ade20k-512px.py']

model = dict(
    backbone=dict(
        arch=dict(_delete_=True, embed_dims=1664, num_layers=48, num_heads=16, feedforward_channels=6656),
        out_indices=(11, 23, 35, 47),
    ),
    neck=dict(embed_dim=1664),
    decode_head=dict(in_channels=[1664] * 4, channels=1664),
    auxiliary_head=dict(in_channels=1664),
)
transfer = dict(checkpoint='work_dirs/mae-priv-gap_vit-giant-p14_8xb512-amp-coslr-100e_in1k/epoch_100.pth')
