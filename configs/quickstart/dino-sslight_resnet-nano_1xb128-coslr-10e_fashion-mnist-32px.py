_base_ = ['dino-baseline_resnet-nano_1xb128-coslr-10e_fashion-mnist-32px.py']

views = dict(_base_.views, global_scale=(0.3, 1.0), local_scale=(0.05, 0.3), local_size=18)
train_pipeline = [views, _base_.pack]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
model = dict(head=dict(loss_weights=(0.4, 0.6)))
