# The tiles of grey_tiles_32_one_view.py with their colours, and normalised in the same way
_base_ = ['grey_tiles_32_one_view.py']

train_pipeline = [_base_.crop, _base_.flip, _base_.pack]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
