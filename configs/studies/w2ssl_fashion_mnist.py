"""The same on 7,200 pictures of Fashion-MNIST, which Debian's package dataset-fashion-mnist holds: nearly as many
as there are tiles. They have no colours, so that Colorization is left out.
"""

_base_ = 'w2ssl_grey_tiles.py'

title = 'W2SSL, MoCo v3 and pretext tasks on Fashion-MNIST'
claim = dict(
    pairs=[
        *((name, 'untrained') for name in ('w2ssl', 'mocov3', 'rotation', 'jigsaw')),
        *((name, 'untrained') for name in ('w2ssl_longer', 'jigsaw_longer')),
        *((name, 'mocov3') for name in ('w2ssl', 'w2ssl_longer')),
    ],
)
stages = dict(
    _delete_=True,
    **{
        name: dict(
            recipe=stage['recipe'].replace('12e_grey-tiles', '2e_fashion-mnist'),
            options={**stage['options'], 'train_dataloader.dataset.indices': 7200},
            title=stage['title'],
        )
        for name, stage in _base_.stages.items()
        if not name.startswith('colorization')
    },
)
evaluations = dict(frozen=dict(recipe='quickstart/resnet-nano-d_knn-linear_fashion-mnist-32px'))
table = dict(
    columns=dict(
        _delete_=True,
        **{heading: column for heading, column in _base_.table['columns'].items() if 'balanced' not in heading},
    ),
)
work_dir = 'work_dirs/w2ssl/fashion-mnist'
