# Patches of 16 px, whose kernels are resized from the 14 px of pre-training, as ViTDet-H does.
_base_ = ['upernet_vit.py']

model = dict(
    backbone=dict(
        type='sslrecipes.PatchResizingViT',
        arch='huge',
        pretrained_patch_size=14,
        out_indices=(7, 15, 23, 31),
        drop_path_rate=0.3,
    ),
    neck=dict(embed_dim=1280),
    decode_head=dict(in_channels=[1280] * 4, channels=1280),
    auxiliary_head=dict(in_channels=1280),
)
