# SwAV with MobileNetV2 as SSLight trains it; loss weights of the standard loss with six local views
model = dict(
    type='SwAV',
    backbone=dict(type='MobileNetV2', widen_factor=1.0),
    neck=dict(type='SwAVNeck', in_channels=1280, hidden_channels=4096, out_channels=128, num_prototypes=3000),
    head=dict(
        type='SwAVHead',
        loss_weights=(0.142857, 0.857143),
        feat_channels=128,
        temperature=0.1,
        epsilon=0.05,
        sinkhorn_iterations=3,
        queue_length=3840,
        queue_start_epoch=15,
    ),
    probe=dict(in_channels=1280, num_classes=1000),
    freeze_prototypes_epochs=1,
)
