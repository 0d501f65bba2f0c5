_base_ = ['dino-baseline_resnet-nano_1xb128-coslr-10e_fashion-mnist-32px.py']

train_pipeline = [
    dict(_base_.train_pipeline[0], global_scale=(0.3, 1.0), local_scale=(0.05, 0.3), local_size=18),
    _base_.train_pipeline[1],
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
model = dict(head=dict(loss_weights=(0.4, 0.6)))
