"""Is *where* learnt? W2SSL with and without what may keep it from being so, on 30,000 pictures of Fashion-MNIST.

*where, in training* is the share of training regions whose side the classifier of the method tells, crops and flips
included, of which a half is chance; *where, frozen* is that of a linear probe on whole left and right parts of pictures
that were never trained on. The published setting is the first.
"""

title = 'Is where learnt? W2SSL on Fashion-MNIST'
claim = dict(
    text='Without flips, and with parts that share less, the side of a region is learnt, which does the rest no harm.',
    source='the published log, whose loss of positions stays at chance',
    pairs=[(name, 'published') for name in ('noflip', 'overlap10', 'noflip_overlap10')],
    by=['where, in training', 'where, frozen', 'k-NN', 'linear'],
)
factors = dict(seed=[0, 1, 2])

_recipe = 'quickstart/w2ssl_resnet-nano-d_1xb128-coslr-2e_fashion-mnist-32px'
_half = {'train_dataloader.dataset.indices': 30000}
_views = 'train_dataloader.dataset.pipeline.0'
_no_flip, _narrow = {f'{_views}.flip_prob': 0.0}, {f'{_views}.overlap': 0.1}
stages = dict(
    published=dict(recipe=_recipe, options=_half, title='as published'),
    nowhere=dict(
        recipe=_recipe, options={**_half, 'model.head.where_weight': 0.0}, title='without the loss of positions'
    ),
    noflip=dict(recipe=_recipe, options={**_half, **_no_flip}, title='without flips'),
    overlap10=dict(recipe=_recipe, options={**_half, **_narrow}, title='parts of 60 % of the width'),
    noflip_overlap10=dict(recipe=_recipe, options={**_half, **_no_flip, **_narrow}, title='both'),
)
evaluations = dict(
    sides=dict(recipe='quickstart/resnet-nano-d_knn-linear_fashion-mnist-sides-16px'),
    frozen=dict(recipe='quickstart/resnet-nano-d_knn-linear_fashion-mnist-32px'),
)
table = dict(
    columns={
        'where, in training': 'where_top1',
        'where, frozen': 'sides.linear/top1',
        'k-NN': 'frozen.knn/top1_k10',
        'linear': 'frozen.linear/top1',
    },
)
work_dir = 'work_dirs/w2ssl/where-fashion-mnist'
