# MoCo v1: v2 with a linear projection, a lower temperature, weaker views and a learning rate that falls in steps.
# Officially pictures are made grey before their colours are jittered, here after it.
_base_ = ['../s3l/moco-v2_resnet50_8xb32-coslr-200e_in1k.py']

model = dict(neck=dict(num_layers=1), head=dict(temperature=0.07))
views = dict(_base_.views, jitter=(0.4, 0.4, 0.4, 0.4), jitter_prob=1.0, blur=(0.0, 0.0, 0.0))
train_pipeline = [_base_.load, views, _base_.pack]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
param_scheduler = dict(_delete_=True, type='MultiStepLR', milestones=[120, 160], gamma=0.1)
