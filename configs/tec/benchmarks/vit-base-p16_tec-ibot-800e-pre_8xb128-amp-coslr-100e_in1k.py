_base_ = ['vit-base-p16_tec-mae-300e-pre_8xb128-amp-coslr-100e_in1k.py']

checkpoint = 'work_dirs/tec-ibot_vit-base-p16_8xb256-accum2-amp-coslr-800e_in1k/epoch_800.pth'
model = dict(backbone=dict(init_cfg=dict(checkpoint=checkpoint)))
optim_wrapper = dict(paramwise_cfg=dict(layer_decay=0.55))
