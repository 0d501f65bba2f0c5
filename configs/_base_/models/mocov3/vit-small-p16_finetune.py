_base_ = ['vit-base-p16_finetune.py', 'small.py']

model = dict(backbone=dict(arch=dict(_base_.vit_small, _delete_=True)), head=dict(in_channels=384))
