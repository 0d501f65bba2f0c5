model = dict(
    type='BarlowTwins',
    backbone=dict(type='ResNet', depth=50, zero_init_residual=True),
    neck=dict(
        type='MLPNeck',
        in_channels=2048,
        hidden_channels=8192,
        out_channels=8192,
        num_layers=3,
        with_bn=True,
        bias=False,
        last_bias=False,
    ),
    head=dict(type='CrossCorrelationHead', off_weight=0.0051),
)
