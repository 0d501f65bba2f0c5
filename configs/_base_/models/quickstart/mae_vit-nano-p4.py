# The same for 64 patches of a 32 px picture
_base_ = ['mae_vit-nano-p16.py']

model = dict(
    backbone=dict(img_size=32, patch_size=4),
    neck=dict(num_patches=64, patch_size=4),
    head=dict(patch_size=4),
)
