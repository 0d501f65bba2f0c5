# The encoder of mae-priv_vit-nano-p4.py with fixed positions, a fresh norm and a classifier that starts near zero
model = dict(
    type='ImageClassifier',
    backbone=dict(
        type='MAEPrivFineTuneViT',
        arch=dict(embed_dims=128, num_layers=3, num_heads=2, feedforward_channels=512),
        img_size=32,
        patch_size=4,
        with_cls_token=False,
        out_type='avg_featmap',
        final_norm=False,
        init_cfg=dict(type='Pretrained', checkpoint='', prefix='backbone.', ignore=('ln2.',)),
    ),
    head=dict(
        type='LinearClsHead',
        num_classes=18,
        in_channels=128,
        loss=dict(type='CrossEntropyLoss'),
        init_cfg=dict(type='TruncNormal', layer='Linear', std=0.02 * 0.001),
    ),
)
