# The tiles of photo_tiles_96_eval.py at 32 px, with labels and without augmentation; ten labelled tiles a picture,
# and more of those that judge
_base_ = ['photo_tiles_96_eval.py']

grey = dict(type='StandardizedGrey')
resize = dict(type='Resize', scale=32, backend='pillow', interpolation='bicubic')
pack = dict(type='PackInputs')
pipeline = [grey, resize, pack]

train_dataloader = dict(dataset=dict(per_class=10, pipeline=pipeline))
val_dataloader = dict(dataset=dict(stride=12, per_class=100, pipeline=pipeline))
test_dataloader = val_dataloader
