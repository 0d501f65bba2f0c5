# The encoder of mae_vit-nano-p4.py and tec_vit-nano-p4.py as a feature extractor
model = dict(
    type='FeatureModel',
    pool='avg',
    backbone=dict(
        type='VisionTransformer',
        arch=dict(embed_dims=128, num_layers=4, num_heads=4, feedforward_channels=512),
        img_size=32,
        patch_size=4,
        out_type='raw',
    ),
)
