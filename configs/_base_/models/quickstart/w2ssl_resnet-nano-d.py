_base_ = ['resnet-nano-d_features.py']

model = dict(
    type='W2SSL',
    neck=dict(
        type='MLPNeck',
        in_channels=128,
        hidden_channels=256,
        out_channels=128,
        with_bn=True,
        bias=False,
        last_bias=False,
        last_norm='plain',
    ),
    head=dict(
        type='W2SSLHead',
        in_channels=128,
        num_regions=2,
        predictor=dict(
            in_channels=128, hidden_channels=256, out_channels=128, with_bn=True, bias=False, last_bias=False
        ),
    ),
    base_momentum=0.99,
    final_momentum=1.0,
)
