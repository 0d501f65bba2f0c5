_base_ = ['vit-huge-p14.py']

model = dict(
    backbone=dict(arch=dict(_delete_=True, embed_dims=1664, num_layers=48, num_heads=16, feedforward_channels=6656)),
    neck=dict(embed_dim=1664),
)
