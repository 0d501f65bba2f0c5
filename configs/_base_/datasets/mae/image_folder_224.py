# All images below one folder, at any depth, without labels or annotation file; the view is MAE's.
_base_ = ['in1k_224.py']

train_dataloader = dict(
    dataset=dict(_delete_=True, type='ImageFolder', data_root='data/images', pipeline={{_base_.train_pipeline}})
)
