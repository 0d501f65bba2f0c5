_base_ = ['dino-baseline_resnet34_8xb128-coslr-200e_in1k.py']

train_pipeline = [
    _base_.train_pipeline[0],
    dict(_base_.train_pipeline[1], global_scale=(0.3, 1.0), local_scale=(0.05, 0.3), local_size=128),
    _base_.train_pipeline[2],
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
model = dict(head=dict(loss_weights=(0.4, 0.6)))
