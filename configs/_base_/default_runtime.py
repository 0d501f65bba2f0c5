default_scope = 'sslrecipes'
runner_type = 'SSLRunner'

# beside those that every run has, see sslrecipes/config/default_hooks.py; named so that each scope finds them
default_hooks = dict(
    progress=dict(type='sslrecipes.ProgressHook'),
    checkpoint=dict(type='sslrecipes.CheckpointHook', interval=1, interval_minutes=30, max_keep_ckpts=3),
    nonfinite=dict(type='sslrecipes.NonFiniteHook', policy='stop'),
    bad_images=dict(type='sslrecipes.BadImagesHook', limit=0.01),
)

# every rank draws its own masks
randomness = dict(seed=0, diff_rank_seed=True)

env_cfg = dict(
    cudnn_benchmark=False,
    mp_cfg=dict(mp_start_method='fork', opencv_num_threads=0),
    dist_cfg=dict(backend='nccl'),
)

visualizer = dict(
    type='UniversalVisualizer',
    vis_backends=[dict(type='LocalVisBackend'), dict(type='TensorboardVisBackend')],
)

log_level = 'INFO'
load_from = None
resume = False
