_base_ = ['resnet-nano-d_features.py']

model = dict(
    type='SimSiam',
    neck=dict(
        type='MLPNeck',
        in_channels=128,
        hidden_channels=256,
        out_channels=128,
        num_layers=3,
        with_bn=True,
        last_norm='affine',
    ),
    head=dict(
        type='PredictionHead',
        predictor=dict(in_channels=128, hidden_channels=256, out_channels=128, with_bn=True),
        distance='cosine',
    ),
)
