_base_ = [
    '../../_base_/transfer/models/upernet_vit.py',
    '../../_base_/transfer/datasets/cityscapes_512x1024.py',
    '../../_base_/transfer/schedules/adamw_upernet_vit_160k.py',
    '../../_base_/transfer/mmseg_runtime.py',
]

crop_size = (512, 1024)
model = dict(
    data_preprocessor=dict(size=crop_size),
    decode_head=dict(num_classes=19),
    auxiliary_head=dict(num_classes=19),
    test_cfg=dict(crop_size=crop_size, stride=(341, 683)),
)
train_dataloader = dict(batch_size=2)
transfer = dict(checkpoint='work_dirs/mae_vit-base-p16_8xb512-amp-coslr-1600e_in1k/epoch_1600.pth')
