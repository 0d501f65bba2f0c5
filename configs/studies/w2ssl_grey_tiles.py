"""W2SSL beside MoCo v3 and pretext tasks, with one small ResNet on tiles of photographs: at equal epochs, and at as
many forward passes of the encoder as MoCo v3.

Passes of an image in an epoch, those of momentum encoders included, relative to a picture of 32 px: MoCo v3 four (two
views, two encoders), W2SSL two (two montages of four regions make two images), Rotation four, Jigsaw 1.49 (nine pieces
of 13 px), Colorization one. All are judged on the same grey tiles; Colorization alone learns from the tiles with their
colours, which its network doesn't see.
"""

title = 'W2SSL, MoCo v3 and pretext tasks on tiles of photographs'
claim = dict(
    text='Every method beats random weights, and W2SSL is as good as MoCo v3 at half of its passes or at as many.',
    source='the direction of the table of doi:10.1109/TCSVT.2023.3298937, at a size at which little can be told',
    pairs=[
        *((name, 'untrained') for name in ('w2ssl', 'mocov3', 'rotation', 'jigsaw', 'colorization')),
        *((name, 'untrained') for name in ('w2ssl_longer', 'jigsaw_longer', 'colorization_longer')),
        *((name, 'mocov3') for name in ('w2ssl', 'w2ssl_longer')),
    ],
    by=['k-NN', 'linear'],
)
factors = dict(seed=[0, 1, 2])

_recipes = dict(
    w2ssl='quickstart/w2ssl_resnet-nano-d_1xb128-coslr-12e_grey-tiles-32px',
    mocov3='quickstart/mocov3_resnet-nano-d_1xb128-coslr-12e_grey-tiles-32px',
    rotation='quickstart/rotation_resnet-nano-d_1xb128-coslr-12e_grey-tiles-32px',
    jigsaw='quickstart/jigsaw_resnet-nano-d_1xb128-coslr-12e_grey-tiles-48px',
    colorization='quickstart/colorization_resnet-nano-d_1xb128-coslr-12e_photo-tiles-32px',
)
_titles = dict(w2ssl='W2SSL', mocov3='MoCo v3', rotation='Rotation', jigsaw='Jigsaw', colorization='Colorization')
_fast = {'optim_wrapper.type': 'AmpOptimWrapper', 'optim_wrapper.dtype': 'bfloat16'}
_epochs = 6
_as_many_passes = dict(w2ssl=12, jigsaw=16, colorization=24)  # as six epochs of MoCo v3 or Rotation
stages = dict(
    **{
        name: dict(recipe=recipe, options={**_fast, 'train_cfg.max_epochs': _epochs}, title=_titles[name])
        for name, recipe in _recipes.items()
    },
    **{
        f'{name}_longer': dict(
            recipe=_recipes[name],
            options={**_fast, 'train_cfg.max_epochs': epochs},
            title=f'{_titles[name]}, at equal passes',
        )
        for name, epochs in _as_many_passes.items()
    },
)
evaluations = dict(frozen=dict(recipe='quickstart/resnet-nano-d_knn-linear_grey-tiles-32px'))
table = dict(
    columns={
        'k-NN': 'knn/top1_k10',
        'k-NN balanced': 'knn/balanced_k10',
        'linear': 'linear/top1',
        'linear balanced': 'linear/balanced',
        'epochs': 'epochs',
        'TFLOPs': 'total tflops',
        'seconds': 'seconds',
        'GFLOPs/image': 'gflops',
    },
)
work_dir = 'work_dirs/w2ssl/grey-tiles'
