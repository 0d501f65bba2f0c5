_base_ = ['resnet-nano-d_features.py']

model = dict(
    type='Colorization',
    neck=dict(type='UpsamplingNeck', in_channels=128, hidden_channels=64, num_doublings=2),
    head=dict(type='ColorizationHead', in_channels=64),
)
