# MoCo v3 with a ResNet-50; linear layers of projection and predictor have no biases
model = dict(
    type='MoCoV3',
    backbone=dict(type='ResNet', depth=50, zero_init_residual=True),
    neck=dict(
        type='MLPNeck',
        in_channels=2048,
        hidden_channels=4096,
        out_channels=256,
        num_layers=2,
        with_bn=True,
        bias=False,
        last_bias=False,
        last_norm='plain',
    ),
    head=dict(
        type='MoCoV3Head',
        predictor=dict(
            in_channels=256, hidden_channels=4096, out_channels=256, with_bn=True, bias=False, last_bias=False
        ),
        temperature=1.0,
    ),
    base_momentum=0.99,
    final_momentum=1.0,
)
