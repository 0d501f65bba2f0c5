# DeiT's training of the whole network: the class token is classified
_base_ = ['../mae/vit-base-p16_finetune.py']

model = dict(
    backbone=dict(out_type='cls_token', final_norm=True, init_cfg=dict(ignore=())),
    head=dict(init_cfg=dict(std=0.02)),
)
