# As in the paper: a random square of 225 px of a picture whose short edge is 256 px, in cells of 75 px, each a piece of
# 64 px; 30 % in grey, channels moved by up to 2 px
_base_ = ['../in1k_train.py']

data_preprocessor = dict(type='SelfSupDataPreprocessor')

resize = dict(type='ResizeEdge', scale=256, edge='short', backend='pillow', interpolation='bilinear')
crop = dict(type='RandomCrop', crop_size=225)
puzzle = dict(type='PuzzleTiles', tile_share=64 / 75, channel_shift=2, grey_prob=0.3)
pack = dict(type='PackInputs')
train_pipeline = [_base_.load, resize, crop, puzzle, pack]

train_dataloader = dict(batch_size=32, dataset=dict(pipeline=train_pipeline))
