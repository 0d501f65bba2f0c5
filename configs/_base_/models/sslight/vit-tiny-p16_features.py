# The class tokens of the last four blocks, each through the final norm
model = dict(
    type='FeatureModel',
    backbone=dict(
        type='DINOViT',
        arch='deit-tiny',
        img_size=224,
        patch_size=16,
        out_type='cls_token',
        out_indices=(8, 9, 10, 11),
        init_cfg=dict(type='Pretrained', checkpoint='', prefix='backbone.'),
    ),
)
