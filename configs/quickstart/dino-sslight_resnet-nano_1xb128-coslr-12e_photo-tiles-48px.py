# Larger views of larger tiles: a backbone for detectors and segmentors of small scenes
_base_ = ['dino-sslight_resnet-nano_1xb128-coslr-10e_photo-tiles-32px.py']

views = dict(_base_.views, global_size=48, local_size=24)
train_pipeline = [views, _base_.pack]
train_dataloader = dict(dataset=dict(tile_size=64, stride=32, pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(tile_size=64, stride=32))

train_cfg = dict(max_epochs=12)
