# ViT-S/16 of MAE-priv with its 192 x 4 decoder, shrunk for two CPU cores: a third of the width and a quarter of the
# depth, heads of 64 channels; 64 patches of a 32 px tile, 16 of them visible. Without class token (GAP).
model = dict(
    type='MAEPriv',
    backbone=dict(
        type='MAEPrivViT',
        arch=dict(embed_dims=128, num_layers=3, num_heads=2, feedforward_channels=512),
        img_size=32,
        patch_size=4,
        mask_ratio=0.75,
        with_cls_token=False,
        batched_shuffle=True,
    ),
    neck=dict(
        type='MAEPrivDecoder',
        num_patches=64,
        patch_size=4,
        embed_dim=128,
        decoder_embed_dim=64,
        decoder_depth=1,
    ),
    head=dict(type='MAEPrivHead', norm_pix=True, patch_size=4),
)
