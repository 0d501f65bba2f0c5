# The official fine-tuning without mixup comes without a checkpoint
_base_ = ['resnet50_moco-v2-cub200-pre_4xb16-coslr-120e_cub200.py']

model = dict(backbone=dict(_delete_=True, type='ResNet', depth=50, zero_init_residual=False))
