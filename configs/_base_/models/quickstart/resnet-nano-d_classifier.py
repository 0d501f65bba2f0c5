# The network of resnet-nano-d_features.py with a classifier, all of it trained
model = dict(
    type='ImageClassifier',
    backbone=dict(
        type='ResNet_CIFAR',
        depth=18,
        stem_channels=16,
        base_channels=16,
        strides=(2, 2, 2, 2),
        avg_down=True,
        zero_init_residual=True,
        init_cfg=dict(type='Pretrained', checkpoint='', prefix='backbone.'),
    ),
    neck=dict(type='GlobalAveragePooling'),
    head=dict(type='LinearClsHead', num_classes=18, in_channels=128, loss=dict(type='CrossEntropyLoss')),
)
