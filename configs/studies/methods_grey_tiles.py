# Six methods on two views with one small ResNet, side by side on grey tiles of photographs
title = 'Methods on two views, side by side'
claim = dict(text='Every method beats random weights.', pairs=[('trained', 'untrained')], by=['k-NN', 'linear'])
factors = dict(method=['moco-v2', 'simclr', 'byol', 'simsiam', 'dino', 'swav'])
stages = dict(trained=dict(recipe='quickstart/{method}_resnet-nano-d_1xb128-coslr-12e_grey-tiles-32px'))
evaluations = dict(frozen=dict(recipe='quickstart/resnet-nano-d_knn-linear_grey-tiles-32px'))
table = dict(
    rows=['stage', 'method'],
    columns={
        'k-NN': 'knn/top1_k10',
        'k-NN balanced': 'knn/balanced_k10',
        'linear': 'linear/top1',
        'linear balanced': 'linear/balanced',
        'seconds': 'seconds',
        'GFLOPs/image': 'gflops',
    },
)
work_dir = 'work_dirs/comparison/grey-tiles'
