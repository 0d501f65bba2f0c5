_base_ = ['resnet-nano-d_features.py']

model = dict(
    type='SwAV',
    neck=dict(type='SwAVNeck', in_channels=128, hidden_channels=256, out_channels=64, num_prototypes=100),
    head=dict(type='SwAVHead', loss_weights=(1.0,), feat_channels=64, queue_length=0),
    freeze_prototypes_epochs=0,  # an epoch may be half of the run
)
