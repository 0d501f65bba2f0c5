# The widths of both layers behind the backbone and the number of permutations are the paper's, the batch norms ours
model = dict(
    type='Jigsaw',
    backbone=dict(type='ResNet', depth=50, zero_init_residual=False),
    neck=dict(type='JigsawNeck', in_channels=2048, hidden_channels=1024, out_channels=4096, with_bn=True),
    head=dict(type='PretextClsHead', in_channels=4096, num_pretext_classes=1000),
)
