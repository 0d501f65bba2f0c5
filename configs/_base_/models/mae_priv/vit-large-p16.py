_base_ = ['vit-small-p16.py']

model = dict(
    backbone=dict(arch='l'),
    neck=dict(embed_dim=1024, decoder_embed_dim=512, decoder_depth=8, decoder_num_heads=8),
)
