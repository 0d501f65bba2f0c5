"""The published rows of MAE-priv: pre-training on ImageNet-1k, then fine-tuning, a linear probe and k-NN.

The authors don't say with which optimizer they trained the probes; here it is SGD, the default of their code.
"""

title = 'MAE-priv on ImageNet-1k, top-1'
claim = dict(
    text='Longer pre-training helps, and averaged patches are better than a class token after fine-tuning.',
    source='https://github.com/BUPT-PRIV/MAE-priv',
    pairs=[('small_200', 'small_100'), ('small_400', 'small_200'), ('small_800', 'small_400'), ('small_100', 'token')],
    by=['50 epochs'],
)
stages = dict(
    small_100=dict(recipe='mae-priv-gap_vit-small-p16_8xb512-amp-coslr-100e_in1k'),
    token=dict(recipe='mae-priv-cls_vit-small-p16_8xb512-amp-coslr-100e_in1k'),
    small_200=dict(recipe='mae-priv-gap_vit-small-p16_8xb512-amp-coslr-200e_in1k'),
    small_400=dict(recipe='mae-priv-gap_vit-small-p16_8xb512-amp-coslr-400e_in1k'),
    small_800=dict(recipe='mae-priv-gap_vit-small-p16_8xb512-amp-coslr-800e_in1k'),
    base_400=dict(recipe='mae-priv-gap_vit-base-p16_8xb512-amp-coslr-400e_in1k'),
    large_100=dict(recipe='mae-priv-gap_vit-large-p16_8xb512-amp-coslr-100e_in1k'),
)
_small = ['small_100', 'token', 'small_200', 'small_400', 'small_800']
evaluations = dict(
    tuned_50=dict(recipe='vit-*-pre_8xb128-amp-coslr-50e_in1k', of=[*_small, 'large_100']),
    tuned_100=dict(recipe='vit-*-pre_8xb128-amp-coslr-100e_in1k', of=['small_400', 'small_800', 'base_400']),
    tuned_150=dict(recipe='vit-*-pre_8xb128-amp-coslr-150e_in1k', of=['small_400', 'small_800']),
    linear=dict(recipe='vit-*-pre-sgd_8xb512-linear-coslr-90e_in1k'),
    knn=dict(recipe='vit-*-pre_knn_in1k'),
)
table = dict(
    columns={
        '50 epochs': 'tuned_50.accuracy/top1',
        '50 published': 'tuned_50.published',
        '100 epochs': 'tuned_100.accuracy/top1',
        '100 published': 'tuned_100.published',
        '150 epochs': 'tuned_150.accuracy/top1',
        '150 published': 'tuned_150.published',
        'linear': 'linear.accuracy/top1',
        'linear published': 'linear.published',
        'k-NN': 'knn.knn/top1_k10',
        'k-NN published': 'knn.published',
    }
)
