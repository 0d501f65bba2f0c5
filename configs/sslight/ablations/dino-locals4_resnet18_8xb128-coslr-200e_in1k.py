_base_ = ['../dino-baseline_resnet18_8xb128-coslr-200e_in1k.py']

train_pipeline = [
    _base_.train_pipeline[0],
    dict(_base_.train_pipeline[1], num_locals=4),
    _base_.train_pipeline[2],
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
model = dict(head=dict(loss_weights=(1 / 5, 4 / 5)))
