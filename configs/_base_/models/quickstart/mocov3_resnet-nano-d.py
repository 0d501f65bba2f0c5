_base_ = ['resnet-nano-d_features.py']

model = dict(
    type='MoCoV3',
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
        type='MoCoV3Head',
        predictor=dict(
            in_channels=128, hidden_channels=256, out_channels=128, with_bn=True, bias=False, last_bias=False
        ),
        temperature=0.2,  # as of the ViTs; of a batch of 128 images 1.0 tells few apart
    ),
    base_momentum=0.99,
    final_momentum=1.0,
)
