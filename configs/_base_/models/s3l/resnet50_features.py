model = dict(
    type='FeatureModel',
    backbone=dict(
        type='ResNet',
        depth=50,
        zero_init_residual=False,
        init_cfg=dict(type='Pretrained', checkpoint='', prefix='backbone.'),
    ),
)
