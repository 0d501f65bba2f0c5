default_scope = 'sslrecipes'
runner_type = 'SSLRunner'

default_hooks = dict(
    timer=dict(type='IterTimerHook'),
    logger=dict(type='LoggerHook', interval=100),
    progress=dict(type='ProgressHook'),
    param_scheduler=dict(type='ParamSchedulerHook'),
    checkpoint=dict(type='CheckpointHook', interval=1, interval_minutes=30, max_keep_ckpts=3),
    sampler_seed=dict(type='DistSamplerSeedHook'),
    step=dict(type='StepHook'),
    stop=dict(type='StopHook'),
    nonfinite=dict(type='NonFiniteHook', policy='stop'),
    bad_images=dict(type='BadImagesHook', limit=0.01),
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
