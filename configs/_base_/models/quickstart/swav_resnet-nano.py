_base_ = ['resnet-nano_features.py']

model = dict(
    type='SwAV',
    neck=dict(type='SwAVNeck', in_channels=128, hidden_channels=256, out_channels=64, num_prototypes=100),
    head=dict(
        type='SwAVHead',
        loss_weights=(0.142857, 0.857143),
        feat_channels=64,
        queue_length=384,
        queue_start_epoch=3,
    ),
    probe=dict(in_channels=128, num_classes=18),
)
