# UPerNet on a plain ViT-B, as BEiT and mmseg's MAE recipe have it: the maps of four blocks, resized to a pyramid.
# The position table stays as pre-trained and is interpolated, where mmseg enlarges it to 32 x 32 once.
_base_ = ['mmseg::_base_/models/upernet_mae.py']

crop_size = (512, 512)
model = dict(
    data_preprocessor=dict(size=crop_size),
    backbone=dict(
        _delete_=True,
        type='mmpretrain.VisionTransformer',
        arch='base',
        img_size=224,
        patch_size=16,
        out_indices=(3, 5, 7, 11),
        out_type='featmap',
        final_norm=False,
        drop_path_rate=0.1,
    ),
    decode_head=dict(in_channels=[768] * 4, channels=768, num_classes=150),
    auxiliary_head=dict(in_channels=768, num_classes=150),
    test_cfg=dict(mode='slide', crop_size=crop_size, stride=(341, 341)),
)
