# Two views of ImageNet's training images; heirs say the batch, and the crop if it isn't 224 px.
_base_ = ['../in1k_train.py', '../../views/s3l/aug_plus.py']

data_preprocessor = dict(type='SelfSupDataPreprocessor')

train_pipeline = [_base_.load, _base_.views, _base_.pack]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
