# Pictures to look at rather than features: in colour, on pixels as they are and 64 smaller patches
_base_ = ['mae_vit-nano-p16_1xb64-coslr-20e_photo-tiles-96px.py']

model = dict(
    backbone=dict(patch_size=12),
    neck=dict(num_patches=64, patch_size=12),
    head=dict(norm_pix=False, patch_size=12),
)
train_dataloader = dict(dataset=dict(pipeline=[_base_.crop, _base_.flip, _base_.pack]))
train_cfg = dict(max_epochs=16)
shown = dict(type='PhotoTiles', split='val', tile_size=96, stride=24, per_class=40, pipeline=[_base_.pack])
custom_hooks = [dict(type='ReconstructionHook', interval=4, num_images=6, dataset=shown)]
work_dir = 'work_dirs/quickstart/mae-pixels'
