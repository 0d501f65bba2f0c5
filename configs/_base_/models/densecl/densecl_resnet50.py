# Batch norms are those of each process, so that the keys' images are shuffled over processes.
model = dict(
    type='DenseCL',
    backbone=dict(type='ResNet', depth=50, zero_init_residual=False),
    neck=dict(type='DenseCLNeck', in_channels=2048, hidden_channels=2048, out_channels=128),
    head=dict(type='DenseCLHead', feat_channels=128, queue_length=65536, temperature=0.2, loss_lambda=0.5),
    momentum=0.999,
    key_view=1,
)
