# The two views of Barlow Twins: the first one blurred, the second one seldom blurred, sometimes solarised
_base_ = ['../in1k_train.py']

data_preprocessor = dict(type='SelfSupDataPreprocessor')

views = dict(
    type='MultiCrop',
    global_size=224,
    global_scale=(0.08, 1.0),
    num_locals=0,
    jitter=(0.4, 0.4, 0.2, 0.1),
    blur=(1.0, 0.1, 0.5),
    solarize=(0.0, 0.2, 0.0),
    interpolation='bicubic',
)
pack = dict(type='PackInputs')
train_pipeline = [_base_.load, views, pack]

train_dataloader = dict(batch_size=32, dataset=dict(pipeline=train_pipeline))
