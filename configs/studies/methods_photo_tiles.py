# DINO, SwAV and MoCo with one small ResNet, side by side on tiles of photographs: ten minutes on two CPU cores
title = 'Methods side by side'
claim = dict(
    text='The views of SSLight serve DINO better than those of its baseline, and every method beats random weights.',
    source='the direction of the ablations of the SSLight README, at a size at which little can be told',
    pairs=[('trained method=dino-sslight', 'trained method=dino-baseline'), ('trained', 'untrained')],
)
factors = dict(method=['dino-baseline', 'dino-sslight', 'swav-baseline', 'moco-baseline'], data=['photo-tiles'])
stages = dict(trained=dict(recipe='quickstart/{method}_resnet-nano_1xb128-coslr-10e_{data}-32px'))
evaluations = dict(frozen=dict(recipe='quickstart/resnet-nano_knn-linear_{data}-32px'))
table = dict(
    rows=['stage', 'method'],
    columns={
        'k-NN': 'knn/top1_k20',
        'k-NN balanced': 'knn/balanced_k20',
        'linear': 'linear/top1',
        'linear balanced': 'linear/balanced',
        'online probe': 'accuracy/top1',
        'k-NN monitor': 'trained.knn/top1',
        'seconds': 'seconds',
    },
)
work_dir = 'work_dirs/comparison/photo-tiles'
