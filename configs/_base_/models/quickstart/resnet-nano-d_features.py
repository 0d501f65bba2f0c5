# As resnet-nano_features.py, for runs of few steps: its shortcuts average pixels instead of leaving three of four out,
# and each block begins as its shortcut. The network of random weights then tells pictures apart without having mixed
# them up in many layers, and MoCo, SimCLR and their like get away from it within some hundred steps.
_base_ = ['resnet-nano_features.py']

model = dict(backbone=dict(avg_down=True, zero_init_residual=True))
