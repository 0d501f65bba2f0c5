# A ViT small enough for two CPU cores: 4 layers, 128 wide, 36 patches of a 96 px tile.
model = dict(
    type='MAE',
    backbone=dict(
        type='MaskedViT',
        arch=dict(embed_dims=128, num_layers=4, num_heads=4, feedforward_channels=512),
        img_size=96,
        patch_size=16,
        mask_ratio=0.75,
    ),
    neck=dict(
        type='MAEDecoder',
        num_patches=36,
        patch_size=16,
        in_chans=3,
        embed_dim=128,
        decoder_embed_dim=64,
        decoder_depth=2,
        decoder_num_heads=4,
        mlp_ratio=4,
    ),
    head=dict(
        type='MAEPretrainHead',
        norm_pix=True,
        patch_size=16,
        loss=dict(type='PixelReconstructionLoss', criterion='L2'),
    ),
)
