# The warm-up of a new conv5 on VOC, six times as long as on other data. All batch norms are in training mode.
_base_ = ['resnet50_moco-v2-in1k-pre_4xb16-coslr-60e_voc07.py']

checkpoint = 'work_dirs/moco-v2_resnet50-noconv5_8xb32-coslr-200e_in1k-112px/epoch_200.pth'
model = dict(
    type='PartlyTrainedClassifier',
    trained=('layer4', 'head'),
    backbone=dict(
        norm_eval=False,
        init_cfg=dict(
            checkpoint=checkpoint,
            fresh=('layer4.',),
            fresh_init=[dict(type='Kaiming', layer='Conv2d'), dict(type='Constant', layer='_BatchNorm', val=1)],
        ),
    ),
    head=dict(init_cfg=dict(_delete_=True, type='Normal', layer='Linear', std=0.01)),
)
optim_wrapper = dict(optimizer=dict(lr=0.1))
param_scheduler = dict(_delete_=True, type='MultiStepLR', milestones=[20, 40], gamma=0.1)
