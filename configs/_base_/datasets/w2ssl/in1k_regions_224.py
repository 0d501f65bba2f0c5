# The regions of ImageNet's training images
_base_ = ['../in1k_train.py', '../../views/w2ssl/regions.py']

data_preprocessor = dict(type='SelfSupDataPreprocessor')
train_pipeline = [_base_.load, _base_.views, _base_.pack]
train_dataloader = dict(batch_size=128, dataset=dict(pipeline=train_pipeline))
