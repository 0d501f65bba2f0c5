# MAE, and TEC on it, on tiles of photographs, against MAE trained for as many operations as both, and random weights:
# ten minutes on two CPU cores
title = 'TEC on a MAE base'
claim = dict(
    text='TEC improves on its base model, and on that base trained as much longer as TEC costs.',
    source='table 1 of the TEC README, at a size at which little can be told',
    pairs=[('tec', 'mae'), ('tec', 'longer')],
)
_mae = 'quickstart/mae_vit-nano-p16_1xb64-coslr-20e_photo-tiles-96px'
_longer = 20 + round(16 * 185.1 / 87.1)  # epochs of base and TEC, the latter in million operations per image
stages = dict(
    mae=dict(recipe=_mae, title='MAE base'),
    longer=dict(recipe=_mae, options={'train_cfg.max_epochs': _longer}, title='MAE, as long as base and TEC'),
    tec=dict(recipe='quickstart/tec-mae_vit-nano-p16_1xb64-coslr-16e_photo-tiles-96px', after='mae', title='TEC'),
)
evaluations = dict(frozen=dict(recipe='quickstart/vit-nano-p16_knn-linear_photo-tiles-96px'))
table = dict(
    columns={
        'k-NN': 'knn/top1_k10',
        'k-NN balanced': 'knn/balanced_k10',
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
exports = dict(backbone=dict(tool='export', of='tec', arguments=dict(file='tec_vit-nano-p16.safetensors')))
work_dir = 'work_dirs/quickstart'
