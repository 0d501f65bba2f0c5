_base_ = ['vit-small-p16_mae-priv-gap-100e-pre_8xb128-amp-coslr-50e_in1k.py']

train_pipeline = [
    *_base_.train_pipeline[:-1],
    dict(
        type='RandomErasing',
        erase_prob=0.25,
        mode='rand',
        min_area_ratio=0.02,
        max_area_ratio=1 / 3,
        fill_color=[103.53, 116.28, 123.675],
        fill_std=[57.375, 57.12, 58.395],
    ),
    _base_.train_pipeline[-1],
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
