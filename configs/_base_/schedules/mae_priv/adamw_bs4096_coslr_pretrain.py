# MAE-priv pre-training: the mask token is spared from weight decay, a class token is not
_base_ = '../mae/adamw_bs4096_coslr_pretrain.py'

optim_wrapper = dict(paramwise_cfg=dict(no_decay=('mask_token',)))

param_scheduler = dict(_delete_=True, type='CosineScheduler', warmup_epochs=10, start=0.0, final=0.0)
train_cfg = dict(max_epochs=100)
