# TEC between two nano ViTs: the base model of mae_vit-nano-p16.py and a student of the same size.
model = dict(
    type='TEC',
    backbone=dict(
        type='TECViT',
        arch=dict(embed_dims=128, num_layers=4, num_heads=4, feedforward_channels=512),
        img_size=96,
        patch_size=16,
        mask_ratio=0.75,
        mlp_token=True,
    ),
    neck=dict(
        type='TECNeck',
        embed_dims=128,
        num_layers=4,
        num_patches=36,
        num_groups=2,
        decoder_embed_dims=64,
        decoder_depth=2,
        decoder_num_heads=4,
        target_dims=128,
        target_heads=4,
        relation=True,
    ),
    # a short base's attention is nearly uniform: 1.8 would leave little of it to learn
    head=dict(type='TECHead', relation_temperature=0.4, normalize_target=True),
    target_generator=dict(
        type='TECBaseModel',
        arch=dict(embed_dims=128, num_layers=4, num_heads=4, feedforward_channels=512),
        img_size=96,
        patch_size=16,
        checkpoint='work_dirs/quickstart/mae/epoch_20.pth',
        last_layers=2,
        topk=7,
        relation=True,
    ),
)
