_base_ = ['vit-large-p16.py']

model = dict(
    backbone=dict(arch='h', patch_size=14),
    neck=dict(num_patches=256, patch_size=14, embed_dim=1280),
    head=dict(patch_size=14),
)
