_base_ = ['dino-step3-local-scale_resnet18_8xb128-coslr-200e_in1k.py']

train_pipeline = [
    _base_.train_pipeline[0],
    dict(_base_.train_pipeline[1], global_scale=(0.3, 1.0)),
    _base_.train_pipeline[2],
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
