_base_ = ['resnet-nano-d_features.py']

model = dict(
    type='MoCo',
    neck=dict(type='MLPNeck', in_channels=128, hidden_channels=128, out_channels=128),
    head=dict(type='MoCoHead', loss_weights=(1.0,), feat_channels=128, queue_length=2048, temperature=0.2),
    momentum=0.99,  # a run of hundreds of steps: the keys must not be those of the random weights for long
    key_view=1,
)
