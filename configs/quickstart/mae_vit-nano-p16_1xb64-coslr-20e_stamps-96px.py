# The base model on objects of ten classes, of Debian's package tuxpaint-stamps-default: 6,000 pictures of 145 objects
_base_ = ['mae_vit-nano-p16_1xb64-coslr-20e_photo-tiles-96px.py']

stamps = dict(_delete_=True, type='Stamps', size=96, per_class=600, pipeline=_base_.train_pipeline)
train_dataloader = dict(dataset=stamps)
work_dir = 'work_dirs/quickstart/mae-stamps'
