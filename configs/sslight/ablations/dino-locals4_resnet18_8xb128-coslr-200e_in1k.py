_base_ = ['../dino-baseline_resnet18_8xb128-coslr-200e_in1k.py']

views = dict(_base_.views, num_locals=4)
train_pipeline = [_base_.load, views, _base_.pack]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
model = dict(head=dict(loss_weights=(1 / 5, 4 / 5)))
