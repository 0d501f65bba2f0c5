"""S3L's chain on CUB-200: half the resolution, both resolutions one after the other, and a network without conv5.

The network without conv5 gets a new one, which learns alone for ten epochs, before it is fine-tuned as the others. The
best epoch counts, as in the official code, which comes without any result.
"""

title = 'S3L on CUB-200'
claim = dict(
    text='Half the resolution, and a network without conv5, lose little at a fraction of the cost.',
    source='Rethinking Self-Supervised Learning: Small is Beautiful, https://arxiv.org/abs/2103.13559',
    pairs=[('half', 'untrained'), ('staged', 'half'), ('conv5', 'untrained')],
    by=['mixup'],
)
_recipe = 'moco-v2_resnet50{}_4xb32-coslr-200e_cub200{}'
stages = dict(
    full=dict(recipe=_recipe.format('', ''), title='224 px'),
    half=dict(recipe=_recipe.format('', '-112px'), title='112 px'),
    staged=dict(recipe=_recipe.format('', ''), after='half', title='112 px, then 224 px'),
    noconv5=dict(recipe=_recipe.format('-noconv5', '-112px'), title='112 px without conv5'),
    conv5=dict(
        recipe='resnet50_moco-v2-cub200-noconv5-112px-pre_4xb16-constlr-10e_cub200',
        after='noconv5',
        title='112 px, then a new conv5',
    ),
)
_whole = ['full', 'half', 'staged', 'conv5']
evaluations = dict(
    mixup=dict(recipe='resnet50_moco-v2-cub200-pre-mixup_4xb16-coslr-120e_cub200', of=_whole),
    linear=dict(recipe='resnet50_moco-v2-cub200-pre_4xb16-linear-coslr-120e_cub200', of=_whole),
)
table = dict(
    columns={
        'mixup': 'mixup.best accuracy/top1',
        'linear': 'linear.best accuracy/top1',
        'gflops': 'gflops',
        'seconds': 'seconds',
    },
)
