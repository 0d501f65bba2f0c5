"""Run-time settings of detectors: those of pre-training, in mmdet's scope."""

default_scope = 'mmdet'
runner_type = 'SSLRunner'
custom_imports = dict(imports=['sslrecipes.transfer'], allow_failed_imports=False)

# the backbone's weights: a file of ours or of a known official family, and the network in it
transfer = dict(checkpoint=None, part='student')

default_hooks = dict(
    timer=dict(type='IterTimerHook'),
    logger=dict(type='LoggerHook', interval=50),
    progress=dict(type='sslrecipes.ProgressHook'),
    param_scheduler=dict(type='ParamSchedulerHook'),
    checkpoint=dict(type='sslrecipes.CheckpointHook', interval=0, interval_minutes=30, max_keep_ckpts=3),
    sampler_seed=dict(type='DistSamplerSeedHook'),
)

randomness = dict(seed=0, diff_rank_seed=True)

env_cfg = dict(
    cudnn_benchmark=False,
    mp_cfg=dict(mp_start_method='fork', opencv_num_threads=0),
    dist_cfg=dict(backend='nccl'),
)

visualizer = dict(
    type='DetLocalVisualizer',
    vis_backends=[dict(type='LocalVisBackend'), dict(type='TensorboardVisBackend')],
)

log_processor = dict(by_epoch=False)
log_level = 'INFO'
load_from = None
resume = False
