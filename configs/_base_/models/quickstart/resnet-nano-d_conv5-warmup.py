# As S3L does: a network pre-trained without conv5 (layer4) gets one, which learns with a classifier while all else is
# frozen but for the running statistics of its batch norms.
_base_ = ['resnet-nano-d_classifier.py']

model = dict(
    type='PartlyTrainedClassifier',
    trained=('layer4', 'head'),
    backbone=dict(
        init_cfg=dict(
            fresh=('layer4.',),
            fresh_init=[dict(type='Kaiming', layer='Conv2d'), dict(type='Constant', layer='_BatchNorm', val=1)],
        ),
    ),
)
