# What k-NN and probes see: the last block's output, not normalised; its mean, or the class token if there is one. The
# backbone has no final norm, as fine-tuned networks and official probes have none
model = dict(
    type='FeatureModel',
    final_norm=False,
    backbone=dict(
        type='VisionTransformer',
        arch='deit-small',
        img_size=224,
        patch_size=16,
        with_cls_token=False,
        out_type='raw',
        final_norm=False,
        init_cfg=dict(type='Pretrained', checkpoint='', prefix='backbone.'),
    ),
)
