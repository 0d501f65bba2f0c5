_base_ = 'sgd_poly_80k.py'

param_scheduler = [dict(type='PolyLR', power=0.9, eta_min=1e-4, by_epoch=False, begin=0, end=160_000)]
train_cfg = dict(max_iters=160_000, val_interval=16_000)
