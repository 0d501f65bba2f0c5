# SwAV with ResNet-50 and the queue that its authors keep for batches of 256, with the two global views only
model = dict(
    type='SwAV',
    backbone=dict(type='ResNet', depth=50, zero_init_residual=False),
    neck=dict(type='SwAVNeck', in_channels=2048, hidden_channels=2048, out_channels=128, num_prototypes=3000),
    head=dict(
        type='SwAVHead',
        loss_weights=(1.0,),
        feat_channels=128,
        temperature=0.1,
        epsilon=0.05,
        sinkhorn_iterations=3,
        queue_length=3840,
        queue_start_epoch=15,
    ),
    freeze_prototypes_epochs=1,  # 5,005 iterations
)
