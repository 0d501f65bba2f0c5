_base_ = ['dino-step2-local-size_resnet18_8xb128-coslr-200e_in1k.py']

train_pipeline = [
    _base_.train_pipeline[0],
    dict(_base_.train_pipeline[1], local_scale=(0.05, 0.3)),
    _base_.train_pipeline[2],
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
