_base_ = ['resnet-nano-d_features.py']

model = dict(
    type='DINO',
    neck=dict(type='DINONeck', in_channels=128, hidden_channels=256, bottleneck_channels=64, out_channels=512),
    head=dict(type='DINOHead', out_channels=512, loss_weights=(1.0,), teacher_temp=0.04, warmup_teacher_temp_epochs=0),
    base_momentum=0.98,
    freeze_last_layer_epochs=0,  # an epoch may be half of the run
)
