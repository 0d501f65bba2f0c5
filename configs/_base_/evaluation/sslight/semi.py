"""SSLight's semi-supervised evaluation: the network with the first layers of its projection head, all of it trained.

Inherit it beside datasets/sslight/in1k_semi_224.py and runtimes/keep_best.py, and add, for ResNet18:

    checkpoint = 'work_dirs/.../epoch_200.pth'
    model = dict(
        backbone=dict(
            type='ResNet', depth=18, init_cfg=dict(type='Pretrained', checkpoint=checkpoint, prefix='backbone.')
        ),
        head=dict(in_channels=512, init_cfg=dict(checkpoint=checkpoint)),
    )

For 10 % of the images: train_cfg.max_epochs = 30 and train_dataloader.dataset.subset.
"""

model = dict(
    type='ImageClassifier',
    neck=dict(type='GlobalAveragePooling'),
    head=dict(
        type='ProjectionClsHead',
        num_classes=1000,
        hidden_channels=2048,
        init_cfg=dict(type='Pretrained', checkpoint='', prefix='neck.', ignore=('fc.', 'mlp.6.')),
    ),
)

optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='SGD', lr=0.03 * 1024 / 256, momentum=0.9, nesterov=True, weight_decay=0.0),
    constructor='ParamGroupsConstructor',
)

param_scheduler = dict(type='CosineScheduler', final=1e-6, per_epoch=True)
train_cfg = dict(type='SSLTrainLoop', max_epochs=60, val_interval=1)
val_cfg = dict()
test_cfg = dict()

sync_bn = 'torch'
auto_scale_lr = dict(base_batch_size=1024, enable=False)
