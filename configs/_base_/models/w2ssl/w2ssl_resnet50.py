# W2SSL: no layer has a bias but the classifier of positions; the last batch norm of the projection is plain
model = dict(
    type='W2SSL',
    backbone=dict(type='ResNet', depth=50, zero_init_residual=False),
    neck=dict(
        type='MLPNeck',
        in_channels=2048,
        hidden_channels=4096,
        out_channels=256,
        with_bn=True,
        bias=False,
        last_bias=False,
        last_norm='plain',
    ),
    head=dict(
        type='W2SSLHead',
        in_channels=2048,
        num_regions=2,
        predictor=dict(
            in_channels=256, hidden_channels=4096, out_channels=256, with_bn=True, bias=False, last_bias=False
        ),
        temperature=0.3,
        base_temperature=0.07,
        where_weight=1.0,
        what_weight=1.0,
    ),
    base_momentum=0.99,
    final_momentum=1.0,
    shuffle='global',
)
