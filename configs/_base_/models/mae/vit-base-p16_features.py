model = dict(
    type='FeatureModel',
    pool='avg',
    backbone=dict(
        type='VisionTransformer',
        arch='b',
        img_size=224,
        patch_size=16,
        out_type='raw',
        init_cfg=dict(type='Pretrained', checkpoint='', prefix='backbone.'),
    ),
)
