_base_ = ['vit-base-p16.py']

model = dict(
    backbone=dict(arch='l'),
    neck=dict(embed_dims=1024, num_layers=24, decoder_embed_dims=768, target_dims=1024, target_heads=16),
    target_generator=dict(arch='l', checkpoint='checkpoints/mae_pretrain_vit_large.pth'),
)
