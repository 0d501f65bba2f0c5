_base_ = ['resnet-nano-d_features.py']

model = dict(
    type='BYOL',
    neck=dict(type='MLPNeck', in_channels=128, hidden_channels=256, out_channels=128, with_bn=True),
    head=dict(
        type='PredictionHead',
        predictor=dict(in_channels=128, hidden_channels=256, out_channels=128, with_bn=True),
        distance='squared',
    ),
    base_momentum=0.98,  # a run of hundreds of steps: the teacher must not lag by more than an epoch
    final_momentum=0.98,
)
