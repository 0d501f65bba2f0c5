model = dict(
    type='FeatureModel',
    backbone=dict(
        type='MobileNetV2',
        widen_factor=1.0,
        init_cfg=dict(type='Pretrained', checkpoint='', prefix='backbone.'),
    ),
)
