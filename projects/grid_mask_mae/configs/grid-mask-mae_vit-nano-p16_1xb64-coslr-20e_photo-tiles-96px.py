"""The quickstart's MAE with another mask: one random patch of every 2x2 cell is visible."""

_base_ = '../../../configs/quickstart/mae_vit-nano-p16_1xb64-coslr-20e_photo-tiles-96px.py'

custom_imports = dict(imports=['projects.grid_mask_mae.grid_mask_vit'])

model = dict(backbone=dict(type='GridMaskViT'))
work_dir = 'work_dirs/grid_mask_mae'
