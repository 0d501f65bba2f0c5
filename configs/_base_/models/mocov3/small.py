"""The small ViT of MoCo v3 has 12 heads; DeiT's, of the same width, has 6. Inherit it beside a model, and add:

model = dict(backbone=dict(arch=dict(_base_.vit_small, _delete_=True)))
"""

vit_small = dict(embed_dims=384, num_layers=12, num_heads=12, feedforward_channels=1536)
