model = dict(
    type='FeatureModel',
    backbone=dict(type='ResNet', depth=50, init_cfg=dict(type='Pretrained', checkpoint='', prefix='backbone.')),
)
