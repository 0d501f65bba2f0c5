# mmpretrain's MAE ViT-B/16: architecture and losses are the official ones. Ours differ in the position table
# (official orientation) and in the mask, which comes from a seeded generator.
_base_ = ['mmpretrain::_base_/models/mae_vit-base-p16.py']

model = dict(
    _scope_='sslrecipes',
    backbone=dict(type='MaskedViT', img_size=224),
    neck=dict(type='MAEDecoder', num_patches=196),
)
