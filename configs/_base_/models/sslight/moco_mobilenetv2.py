# MoCo v2 with several query views and MobileNetV2 as SSLight trains it; all seven query views weigh the same
model = dict(
    type='MoCo',
    backbone=dict(type='MobileNetV2', widen_factor=1.0),
    neck=dict(type='MoCoNeck', in_channels=1280, hidden_channels=2048, out_channels=128),
    head=dict(
        type='MoCoHead',
        loss_weights=(0.142857, 0.857143),
        feat_channels=128,
        queue_length=65536,
        temperature=0.2,
    ),
    probe=dict(in_channels=1280, num_classes=1000),
    momentum=0.999,
)
