# The same of the pictures of fashion_mnist_32_two_views.py
_base_ = ['fashion_mnist_32_two_views.py']

crop = dict(type='RandomResizedCrop', scale=48, crop_ratio_range=(0.5, 1.0), backend='pillow', interpolation='bicubic')
puzzle = dict(type='PuzzleTiles', tile_share=13 / 16, channel_shift=0, grey_prob=0.0)
train_pipeline = [crop, puzzle, _base_.pack]

train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
