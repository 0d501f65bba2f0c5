"""S3L's questions on tiles of photographs, with SimCLR: half the resolution, half and then full, and a network without
conv5 that gets one afterwards; each for as many epochs as the baseline, and for about as many operations.

A network without conv5 is judged by its neighbours as it is. The new conv5 is trained with labels, so that its features
are no longer those of self-supervision alone.
"""

title = 'Half the resolution, and no conv5, on tiles of photographs'
claim = dict(
    text='Every pre-training beats random weights, and the cheaper ones lose little to that at full resolution.',
    source='the direction of arXiv:2103.13559, at a size at which little can be told',
    pairs=[
        *((name, 'untrained') for name in ('full', 'half', 'half_longer', 'staged', 'staged_longer')),
        *((name, 'untrained') for name in ('noconv5', 'noconv5_longer')),
        *((name, 'full') for name in ('half_longer', 'staged_longer', 'conv5_longer')),
    ],
    by=['k-NN', 'k-NN without conv5', 'fine-tuned'],
)
factors = dict(seed=[0, 1, 2])

_whole = dict(recipe='quickstart/simclr_resnet-nano-d_1xb128-coslr-12e_grey-tiles-32px')
_noconv5 = dict(recipe='quickstart/simclr_resnet-nano-d-noconv5_1xb128-coslr-12e_grey-tiles-32px')
_warmup = dict(recipe='quickstart/resnet-nano-d_simclr-noconv5-pre_1xb64-constlr-10e_grey-tiles-32px')
_half, _epochs = {'image_size': 16}, 'train_cfg.max_epochs'
_fast = {'optim_wrapper.type': 'AmpOptimWrapper', 'optim_wrapper.dtype': 'bfloat16'}
# an image costs 0.255 as much at 16 px, and 0.768 without conv5
stages = dict(
    full=dict(_whole, options={**_fast, _epochs: 6}, title='32 px'),
    half=dict(_whole, options={**_fast, **_half, _epochs: 6}, title='16 px'),
    half_longer=dict(_whole, options={**_fast, **_half, _epochs: 24}, title='16 px, at equal cost'),
    first=dict(_whole, options={**_fast, **_half, _epochs: 3}, title='16 px, half of the epochs'),
    staged=dict(_whole, after='first', options={**_fast, _epochs: 3}, title='16 px, then 32 px'),
    staged_longer=dict(_whole, after='half', options={**_fast, _epochs: 4}, title='16 px, then 32 px, at equal cost'),
    noconv5=dict(_noconv5, options={**_fast, _epochs: 6}, title='no conv5'),
    noconv5_longer=dict(_noconv5, options={**_fast, _epochs: 8}, title='no conv5, at equal cost'),
    conv5=dict(_warmup, after='noconv5', title='no conv5, then a new one'),
    conv5_longer=dict(_warmup, after='noconv5_longer', title='no conv5 at equal cost, then a new one'),
)
_judged = ['full', 'half', 'half_longer', 'staged', 'staged_longer', 'conv5', 'conv5_longer']
evaluations = dict(
    frozen=dict(recipe='quickstart/resnet-nano-d_knn-linear_grey-tiles-32px', of=_judged),
    frozen_noconv5=dict(
        recipe='quickstart/resnet-nano-d-noconv5_knn-linear_grey-tiles-32px', of=['noconv5', 'noconv5_longer']
    ),
    finetuned=dict(recipe='quickstart/resnet-nano-d_simclr-pre_1xb64-coslr-60e_grey-tiles-32px', of=_judged),
)
table = dict(
    columns={
        'k-NN': 'frozen.knn/top1_k10',
        'k-NN without conv5': 'frozen_noconv5.knn/top1_k10',
        'linear': 'frozen.linear/top1',
        'fine-tuned': 'finetuned.accuracy/top1',
        'TFLOPs': 'total tflops',
        'seconds': 'total seconds',
        'GFLOPs/image': 'gflops',
    },
)
work_dir = 'work_dirs/s3l/grey-tiles'
