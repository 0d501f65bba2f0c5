# The encoder of mae-priv_vit-nano-p4.py for k-NN and probes: the last block's output, not normalised
model = dict(
    type='FeatureModel',
    final_norm=False,
    backbone=dict(
        type='VisionTransformer',
        arch=dict(embed_dims=128, num_layers=3, num_heads=2, feedforward_channels=512),
        img_size=32,
        patch_size=4,
        with_cls_token=False,
        out_type='raw',
        final_norm=False,
        init_cfg=dict(type='Pretrained', checkpoint='', prefix='backbone.'),
    ),
)
