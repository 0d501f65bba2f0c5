# GAP variant: no class token anywhere. All images of a GPU's batch have the same patches removed. ViT-S is DeiT's.
model = dict(
    type='MAEPriv',
    backbone=dict(
        type='MAEPrivViT',
        arch='deit-small',
        img_size=224,
        patch_size=16,
        mask_ratio=0.75,
        with_cls_token=False,
        batched_shuffle=True,
    ),
    neck=dict(
        type='MAEPrivDecoder',
        num_patches=196,
        patch_size=16,
        embed_dim=384,
        decoder_embed_dim=192,
        decoder_depth=4,
        decoder_num_heads=3,
    ),
    head=dict(type='MAEPrivHead', norm_pix=True, patch_size=16),
)
