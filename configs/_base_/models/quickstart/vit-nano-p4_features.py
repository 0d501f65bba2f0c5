# The encoder of mae_vit-nano-p4.py as a feature extractor
_base_ = ['vit-nano-p16_features.py']

model = dict(backbone=dict(img_size=32, patch_size=4))
