_base_ = ['resnet-nano-d_features.py']

model = dict(
    type='SimCLR',
    neck=dict(type='MLPNeck', in_channels=128, hidden_channels=128, out_channels=128),
    head=dict(type='SimCLRHead', temperature=0.2),
)
