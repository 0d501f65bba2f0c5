_base_ = [
    '../../_base_/transfer/models/fcn_resnet50.py',
    '../../_base_/transfer/datasets/cityscapes_512x1024.py',
    '../../_base_/transfer/schedules/sgd_poly_80k.py',
    '../../_base_/transfer/mmseg_runtime.py',
]

# torchvision's layout, MoCo's (its query encoder), or any other that the converters know
transfer = dict(checkpoint='checkpoints/resnet50.pth')
train_dataloader = dict(batch_size=1)
model = dict(
    data_preprocessor=dict(size=(512, 1024)),
    decode_head=dict(num_classes=19),
    auxiliary_head=dict(num_classes=19),
)
