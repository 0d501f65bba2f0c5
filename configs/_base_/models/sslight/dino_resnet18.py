# DINO with ResNet18 as SSLight trains it: BatchNorm in the projection, last layer without gain. The loss weights are
# those of the standard loss, which averages over all pairs of views: 2 global-global and 12 global-local ones.
model = dict(
    type='DINO',
    backbone=dict(type='ResNet', depth=18, zero_init_residual=False),
    neck=dict(
        type='DINONeck',
        in_channels=512,
        hidden_channels=2048,
        bottleneck_channels=256,
        out_channels=4096,
        with_bn=True,
        norm_last_layer=True,
    ),
    head=dict(
        type='DINOHead',
        out_channels=4096,
        loss_weights=(0.142857, 0.857143),
        warmup_teacher_temp=0.04,
        teacher_temp=0.07,
        warmup_teacher_temp_epochs=50,
        student_temp=0.1,
        center_momentum=0.9,
    ),
    probe=dict(in_channels=512, num_classes=1000),
    base_momentum=0.996,
    freeze_last_layer_epochs=1,
)
