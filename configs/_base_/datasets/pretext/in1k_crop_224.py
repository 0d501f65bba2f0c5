# Short edge of 256 px, a random square of it, flips: as the code of RotNet
_base_ = ['../in1k_train.py']

data_preprocessor = dict(type='SelfSupDataPreprocessor')

resize = dict(type='ResizeEdge', scale=256, edge='short', backend='pillow', interpolation='bilinear')
crop = dict(type='RandomCrop', crop_size=224)
flip = dict(type='RandomFlip', prob=0.5)
pack = dict(type='PackInputs')
train_pipeline = [_base_.load, resize, crop, flip, pack]

train_dataloader = dict(batch_size=32, dataset=dict(pipeline=train_pipeline))
