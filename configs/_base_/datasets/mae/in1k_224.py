# Pre-training view of MAE and TEC (official: torchvision RandomResizedCrop 0.2-1, bicubic, on Pillow images).
_base_ = ['../in1k_train.py']

data_preprocessor = dict(type='SelfSupDataPreprocessor')

crop = dict(type='RandomResizedCrop', scale=224, crop_ratio_range=(0.2, 1.0), backend='pillow', interpolation='bicubic')
flip = dict(type='RandomFlip', prob=0.5)
pack = dict(type='PackInputs')
train_pipeline = [_base_.load, crop, flip, pack]

train_dataloader = dict(batch_size=512, dataset=dict(pipeline=train_pipeline))
