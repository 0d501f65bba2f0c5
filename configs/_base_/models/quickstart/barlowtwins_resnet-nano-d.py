_base_ = ['resnet-nano-d_features.py']

model = dict(
    type='BarlowTwins',
    neck=dict(
        type='MLPNeck',
        in_channels=128,
        hidden_channels=256,
        out_channels=256,
        num_layers=3,
        with_bn=True,
        bias=False,
        last_bias=False,
    ),
    head=dict(type='CrossCorrelationHead', off_weight=0.0051),
)
