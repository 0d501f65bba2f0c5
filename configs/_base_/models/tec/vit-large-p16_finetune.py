_base_ = ['../mae/vit-large-p16_finetune.py']

model = dict(backbone=dict(type='TECFineTuneViT', mlp_token=True))
