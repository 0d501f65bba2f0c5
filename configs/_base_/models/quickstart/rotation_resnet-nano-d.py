_base_ = ['resnet-nano-d_features.py']

model = dict(type='Rotation', head=dict(type='PretextClsHead', in_channels=128, num_pretext_classes=4))
