# MAE, and TEC on it, on tiles of photographs, against random weights: ten minutes on two CPU cores
title = 'TEC on a MAE base'
claim = dict(
    text='TEC improves on its base model.',
    source='table 1 of the TEC README, at a size at which little can be told',
    pairs=[('tec', 'mae')],
)
stages = dict(
    mae=dict(recipe='quickstart/mae_vit-nano-p4_1xb256-coslr-20e_photo-tiles-32px', title='MAE base'),
    tec=dict(recipe='quickstart/tec-mae_vit-nano-p4_1xb256-coslr-12e_photo-tiles-32px', after='mae', title='TEC'),
)
evaluations = dict(frozen=dict(recipe='quickstart/vit-nano-p4_knn-linear_photo-tiles-32px'))
table = dict(
    columns={
        'k-NN': 'knn/top1_k20',
        'k-NN balanced': 'knn/balanced_k20',
        'linear': 'linear/top1',
        'linear balanced': 'linear/balanced',
        'seconds': 'seconds',
        'images/s': 'images/s',
        'GFLOPs/image': 'gflops',
    },
)
pictures = dict(
    reconstruction=dict(tool='logged', of='mae', caption='What the base makes of masked tiles of its training data.'),
)
exports = dict(backbone=dict(tool='export', of='tec', arguments=dict(file='tec_vit-nano-p4.safetensors')))
work_dir = 'work_dirs/quickstart'
