# The two views of S3L of ImageNet's training images
_base_ = ['../in1k_train.py', '../../views/s3l/aug_plus.py']

data_preprocessor = dict(type='SelfSupDataPreprocessor')
train_pipeline = [_base_.load, _base_.views, _base_.pack]
train_dataloader = dict(batch_size=32, dataset=dict(pipeline=train_pipeline))
