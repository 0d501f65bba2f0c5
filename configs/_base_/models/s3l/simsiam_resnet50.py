# SimSiam with the sizes of S3L's code, which comes without a training script: all of them are far below the paper's
model = dict(
    type='SimSiam',
    backbone=dict(type='ResNet', depth=50, zero_init_residual=False),
    neck=dict(
        type='MLPNeck',
        in_channels=2048,
        hidden_channels=128,
        out_channels=128,
        num_layers=3,
        with_bn=True,
        last_norm='affine',
    ),
    head=dict(
        type='PredictionHead',
        predictor=dict(in_channels=128, hidden_channels=128, out_channels=128, with_bn=True),
        distance='cosine',
    ),
)
