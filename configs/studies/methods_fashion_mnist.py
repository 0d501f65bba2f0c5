# the same on 5,000 pictures of Fashion-MNIST, which Debian's package dataset-fashion-mnist holds
_base_ = 'methods_photo_tiles.py'

factors = dict(data=['fashion-mnist'])
work_dir = 'work_dirs/comparison/fashion-mnist'
