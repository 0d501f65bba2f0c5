# the same on all 60,000 pictures of Fashion-MNIST, which Debian's package dataset-fashion-mnist holds
_base_ = 'methods_grey_tiles.py'

stages = dict(trained=dict(recipe='quickstart/{method}_resnet-nano-d_1xb128-coslr-2e_fashion-mnist-32px'))
evaluations = dict(frozen=dict(recipe='quickstart/resnet-nano-d_knn-linear_fashion-mnist-32px'))
work_dir = 'work_dirs/comparison/fashion-mnist'
