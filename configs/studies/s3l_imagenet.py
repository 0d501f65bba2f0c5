"""S3L's main comparison on ImageNet-1k: MoCo v2 at 224 px, at 112 px, and at 112 px followed by 50 epochs at 224 px.

The official repository has scripts for each of these runs, and no figures. All are evaluated at 224 px.
"""

title = 'S3L: half the resolution on ImageNet-1k'
claim = dict(
    text='Half the resolution costs a quarter, and a short second stage at full resolution makes up for it.',
    source='Rethinking Self-Supervised Learning: Small is Beautiful, https://arxiv.org/abs/2103.13559',
    pairs=[('half_full', 'full'), ('half_full', 'half')],
)
stages = dict(
    full=dict(recipe='moco-v2_resnet50_8xb32-coslr-200e_in1k'),
    half=dict(recipe='moco-v2_resnet50_8xb32-coslr-200e_in1k-112px'),
    half_full=dict(recipe='moco-v2_resnet50_8xb32-coslr-200e_in1k', after='half', options={'train_cfg.max_epochs': 50}),
)
_benchmarks = 's3l/benchmarks/resnet50_moco-v2-in1k-pre_'
evaluations = dict(
    linear=dict(recipe=f'{_benchmarks}8xb32-linear-multisteplr-100e_in1k.py'),
    birds=dict(recipe=f'{_benchmarks}4xb16-multisteplr-30e_cub200.py'),
    voc=dict(recipe=f'{_benchmarks}4xb16-coslr-60e_voc07.py'),
)
table = dict(
    columns={
        'linear': 'linear.best accuracy/top1',
        'CUB-200': 'birds.best accuracy/top1',
        'VOC07 mAP': 'voc.best multi-label/mAP',
        'gflops': 'gflops',
        'seconds': 'seconds',
    }
)
