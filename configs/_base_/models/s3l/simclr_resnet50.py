# SimCLR as S3L trains it: negatives of the process only, and a loss T / 0.07 times that of the paper
model = dict(
    type='SimCLR',
    backbone=dict(type='ResNet', depth=50, zero_init_residual=False),
    neck=dict(type='MLPNeck', in_channels=2048, hidden_channels=2048, out_channels=128),
    head=dict(type='SimCLRHead', temperature=0.1, base_temperature=0.07, gather=False),
)
