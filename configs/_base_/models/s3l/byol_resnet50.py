# BYOL as S3L trains it: a projection to 128 channels instead of 256, a teacher whose momentum is constant
model = dict(
    type='BYOL',
    backbone=dict(type='ResNet', depth=50, zero_init_residual=False),
    neck=dict(type='MLPNeck', in_channels=2048, hidden_channels=4096, out_channels=128, with_bn=True),
    head=dict(
        type='PredictionHead',
        predictor=dict(in_channels=128, hidden_channels=4096, out_channels=128, with_bn=True),
        distance='squared',
    ),
    base_momentum=0.99,
    final_momentum=0.99,
)
