# DINO with ViT-Ti/16: no BatchNorm, the last layer has a gain, and only the student has stochastic depth. With ten
# local views the standard loss averages over 2 global-global and 20 global-local pairs.
_base_ = ['dino_resnet18.py']

model = dict(
    backbone=dict(
        _delete_=True,
        type='DINOViT',
        arch='deit-tiny',
        img_size=224,
        patch_size=16,
        drop_path_rate=0.1,
        out_type='cls_token',
        pos_embed_offset=0.1,
    ),
    neck=dict(in_channels=192, out_channels=65536, with_bn=False, norm_last_layer=False),
    head=dict(out_channels=65536, loss_weights=(0.090909, 0.909091), warmup_teacher_temp_epochs=30),
    probe=dict(in_channels=192),
)
