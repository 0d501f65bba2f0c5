_base_ = ['resnet-nano-d_features.py']

model = dict(
    type='Jigsaw',
    neck=dict(type='JigsawNeck', in_channels=128, hidden_channels=64, out_channels=256, with_bn=True),
    head=dict(type='PretextClsHead', in_channels=256, num_pretext_classes=24),
)
