# Nine pieces of 13 px of the tiles of grey_tiles_32_two_views.py, at 48 px: of 32 px they would be 9 px wide
_base_ = ['grey_tiles_32_two_views.py']

crop = dict(type='RandomResizedCrop', scale=48, crop_ratio_range=(0.5, 1.0), backend='pillow', interpolation='bicubic')
puzzle = dict(type='PuzzleTiles', tile_share=13 / 16, channel_shift=0, grey_prob=0.0)  # there is no colour
train_pipeline = [_base_.grey, crop, puzzle, _base_.pack]

train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
