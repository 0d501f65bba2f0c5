_base_ = [
    '../../_base_/transfer/models/upernet_resnet50.py',
    '../../_base_/transfer/datasets/ade20k_512.py',
    '../../_base_/transfer/schedules/sgd_poly_80k.py',
    '../../_base_/transfer/mmseg_runtime.py',
]

# torchvision's layout, MoCo's (its query encoder), or any other that the converters know
transfer = dict(checkpoint='checkpoints/resnet50.pth')
