# The encoder of mae_vit-nano-p16.py and tec_vit-nano-p16.py as a feature extractor
model = dict(
    type='FeatureModel',
    pool='avg',
    backbone=dict(
        type='VisionTransformer',
        arch=dict(embed_dims=128, num_layers=4, num_heads=4, feedforward_channels=512),
        img_size=96,
        patch_size=16,
        out_type='raw',
    ),
)
