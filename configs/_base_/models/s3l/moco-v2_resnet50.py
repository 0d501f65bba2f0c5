# MoCo v2 as S3L trains it. Batch norms are those of each process, so that the keys' images are shuffled over processes.
model = dict(
    type='MoCo',
    backbone=dict(type='ResNet', depth=50, zero_init_residual=False),
    neck=dict(type='MLPNeck', in_channels=2048, hidden_channels=2048, out_channels=128),
    head=dict(type='MoCoHead', loss_weights=(1.0,), feat_channels=128, queue_length=65536, temperature=0.2),
    momentum=0.999,
    key_view=1,
)
