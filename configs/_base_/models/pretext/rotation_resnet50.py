model = dict(
    type='Rotation',
    backbone=dict(type='ResNet', depth=50, zero_init_residual=False),
    head=dict(type='PretextClsHead', in_channels=2048, num_pretext_classes=4),
)
