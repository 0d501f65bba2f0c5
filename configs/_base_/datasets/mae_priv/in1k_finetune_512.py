_base_ = ['in1k_finetune_384.py']

crop = dict(_base_.crop, scale=512)
train_pipeline = [_base_.load, crop, _base_.flip, _base_.augment, _base_.pack]
resize = dict(_base_.resize, scale=512)
center_crop = dict(_base_.center_crop, crop_size=512)
test_pipeline = [_base_.test_load, resize, center_crop, _base_.pack]

train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
