model = dict(
    type='FeatureModel',
    backbone=dict(type='ResNet', depth=18, init_cfg=dict(type='Pretrained', checkpoint='', prefix='backbone.')),
)
