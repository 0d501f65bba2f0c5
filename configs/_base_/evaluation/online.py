"""k-NN and a quick linear probe every ten epochs of a pre-training on ImageNet, with a tenth of its training images as
the bank. A recipe for other data, or with hooks of its own, replaces the list:

    custom_hooks = [dict(_base_.online_eval, train_dataloader=..., val_dataloader=...)]
"""

online_eval = dict(
    type='OnlineEvalHook',
    interval=10,
    ks=(20,),
    temperature=0.07,
    linear=dict(lrs=(0.03, 0.1, 0.3, 1.0, 3.0), epochs=20, batch_size=1024, with_bn=True),
    pool='avg',
)

online_view = [
    dict(type='ResizeEdge', scale=256, edge='short', backend='pillow', interpolation='bicubic'),
    dict(type='CenterCrop', crop_size=224),
    dict(type='PackInputs'),
]
online_pipeline = [dict(type='LoadImageFromFile'), *online_view]
bank_pipeline = [dict(type='LoadImageOrSkip'), *online_view]  # a bad image must not end a pre-training
online_loader = dict(
    batch_size=256,
    num_workers=8,
    sampler=dict(type='DefaultSampler', shuffle=False),
    collate_fn=dict(type='default_collate'),
)

custom_hooks = [
    dict(
        online_eval,
        train_dataloader=dict(
            online_loader,
            dataset=dict(
                type='KFoldDataset',
                dataset=dict(type='ImageNet', data_root='data/imagenet/', split='train', pipeline=bank_pipeline),
                num_splits=10,
                fold=0,
                test_mode=True,  # that one fold, not the others
                seed=0,
            ),
        ),
        val_dataloader=dict(
            online_loader,
            dataset=dict(
                type='ImageNet', data_root='data/imagenet/', split='val', test_mode=True, pipeline=online_pipeline
            ),
        ),
    )
]
