"""The same detector learns real objects in place of digits, of Debian's package tuxpaint-stamps-default."""

_base_ = ['mask-rcnn_resnet-nano-fpn_dino-sslight-pre_1xb8-multisteplr-1k_photo-scenes-128px.py']

data_root = 'data/photo_scenes_stamps/'
train_dataloader = dict(dataset=dict(objects='stamps'))
val_dataloader = dict(dataset=dict(objects='stamps'))
test_dataloader = val_dataloader
