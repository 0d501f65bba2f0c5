# What follows the backbone is ours; colours are those of a map of a quarter of the sides, as in the paper
model = dict(
    type='Colorization',
    backbone=dict(type='ResNet', depth=50, zero_init_residual=False),
    neck=dict(type='UpsamplingNeck', in_channels=2048, hidden_channels=256, num_doublings=3),
    head=dict(type='ColorizationHead', in_channels=256, num_neighbours=5, sigma=5.0, uniform_share=0.5),
)
