# Two unlike views, as BYOL's, of crops that are a fifth of the image at least
_base_ = ['../s3l/in1k_two_views_224.py']

views = dict(_base_.views, jitter=(0.4, 0.4, 0.2, 0.1), blur=(1.0, 0.1, 0.5), solarize=(0.0, 0.2, 0.0))
train_pipeline = [_base_.load, views, _base_.pack]
train_dataloader = dict(batch_size=256, dataset=dict(pipeline=train_pipeline))
