# A ResNet18 small enough for two CPU cores: 16 to 128 wide, a stem for pictures of 32 px
model = dict(
    type='FeatureModel',
    backbone=dict(
        type='ResNet_CIFAR',
        depth=18,
        stem_channels=16,
        base_channels=16,
        strides=(2, 2, 2, 2),
        zero_init_residual=False,
    ),
)
