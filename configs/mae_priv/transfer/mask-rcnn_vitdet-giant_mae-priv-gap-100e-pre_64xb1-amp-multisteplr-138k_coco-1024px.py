# ViT-G: no published recipe; that of ViT-H
_base_ = ['mask-rcnn_vitdet-huge_mae-priv-gap-100e-pre_64xb1-amp-multisteplr-138k_coco-1024px.py']

model = dict(
    backbone=dict(
        arch=dict(_delete_=True, embed_dims=1664, num_layers=48, num_heads=16, feedforward_channels=6656),
        with_cp=True,  # to fit into memory
    ),
    neck=dict(in_channels=1664),
)
transfer = dict(checkpoint='work_dirs/mae-priv-gap_vit-giant-p14_8xb512-amp-coslr-100e_in1k/epoch_100.pth')
