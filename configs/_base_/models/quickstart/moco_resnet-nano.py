_base_ = ['resnet-nano_features.py']

model = dict(
    type='MoCo',
    neck=dict(type='MoCoNeck', in_channels=128, hidden_channels=256, out_channels=64),
    head=dict(type='MoCoHead', loss_weights=(0.142857, 0.857143), feat_channels=64, queue_length=2048),
    probe=dict(in_channels=128, num_classes=18),
    momentum=0.98,
)
