# The base model on objects of ten classes, of Debian's package tuxpaint-stamps-default: 4,600 pictures of 145 objects
_base_ = ['mae_vit-nano-p4_1xb256-coslr-20e_photo-tiles-32px.py']

stamps = dict(_delete_=True, type='Stamps', size=32, per_class=460, pipeline=_base_.train_pipeline)
train_dataloader = dict(dataset=stamps)
work_dir = 'work_dirs/quickstart/mae-stamps'
