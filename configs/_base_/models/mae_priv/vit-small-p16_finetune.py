# The mean of all tokens, a fresh norm (ln2) and a classifier that starts near zero; the positions stay fixed. A model
# with class token is `with_cls_token=True, out_type='cls_token', final_norm=True`, and its fresh norm is ln1.
model = dict(
    type='ImageClassifier',
    backbone=dict(
        type='MAEPrivFineTuneViT',
        arch='deit-small',
        img_size=224,
        patch_size=16,
        drop_path_rate=0.1,
        with_cls_token=False,
        out_type='avg_featmap',
        final_norm=False,
        init_cfg=dict(type='Pretrained', checkpoint='', prefix='backbone.', ignore=('ln2.',)),
    ),
    head=dict(
        type='LinearClsHead',
        num_classes=1000,
        in_channels=384,
        loss=dict(type='LabelSmoothLoss', label_smooth_val=0.1, mode='original'),
        init_cfg=dict(type='TruncNormal', layer='Linear', std=0.02 * 0.001),
    ),
    train_cfg=dict(augments=[dict(type='Mixup', alpha=0.8), dict(type='CutMix', alpha=1.0)]),
)
