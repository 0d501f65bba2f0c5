_base_ = ['resnet-nano-d_features.py']

model = dict(
    type='DenseCL',
    neck=dict(type='DenseCLNeck', in_channels=128, hidden_channels=128, out_channels=128),
    head=dict(type='DenseCLHead', feat_channels=128, queue_length=1024, temperature=0.2, loss_lambda=0.5),
    momentum=0.99,  # as of moco-v2_resnet-nano-d.py
    key_view=1,
)
