_base_ = ['vit-small-p16.py']

model = dict(
    backbone=dict(arch='b'),
    neck=dict(embed_dim=768, decoder_embed_dim=384, decoder_num_heads=6),
)
