# A network that was pre-trained without conv5 gets a new one, which has no warm-up
_base_ = ['resnet50_moco-v2-in1k-pre_4xb16-multisteplr-30e_cub200.py']

checkpoint = 'work_dirs/moco-v2_resnet50-noconv5_4xb32-coslr-200e_cub200/epoch_200.pth'
model = dict(
    backbone=dict(
        init_cfg=dict(
            checkpoint=checkpoint,
            fresh=('layer4.',),
            fresh_init=[dict(type='Kaiming', layer='Conv2d'), dict(type='Constant', layer='_BatchNorm', val=1)],
        )
    )
)
