_base_ = ['resnet-nano_features.py']

model = dict(
    type='DINO',
    neck=dict(type='DINONeck', in_channels=128, hidden_channels=256, bottleneck_channels=64, out_channels=512),
    head=dict(type='DINOHead', out_channels=512, loss_weights=(0.142857, 0.857143), warmup_teacher_temp_epochs=5),
    probe=dict(in_channels=128, num_classes=18),
    base_momentum=0.98,  # a run of hundreds of steps: the teacher must not lag by more than an epoch
)
