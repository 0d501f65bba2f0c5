_base_ = ['../mae/vit-base-p16_finetune.py']

model = dict(backbone=dict(type='TECFineTuneViT', mlp_token=True))
