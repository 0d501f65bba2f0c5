# The conv5 that the pre-trained network lacks is new, and learns with a classifier while all else is frozen but for the
# running statistics of its batch norms. Whatever the checkpoint has of a conv5 is left.
_base_ = ['resnet50_classifier.py']

model = dict(
    type='PartlyTrainedClassifier',
    trained=('layer4', 'head'),
    backbone=dict(
        init_cfg=dict(
            fresh=('layer4.',),
            fresh_init=[dict(type='Kaiming', layer='Conv2d'), dict(type='Constant', layer='_BatchNorm', val=1)],
        ),
    ),
    head=dict(init_cfg=dict(_delete_=True, type='Normal', layer='Linear', std=0.01)),
)
