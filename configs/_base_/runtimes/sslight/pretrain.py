# Every twentieth checkpoint of SSLight's pre-training stays, beside the newest ones; a collapse is warned of
_base_ = ['../../default_runtime.py']

default_hooks = dict(
    checkpoint=dict(keep_every=20),
    collapse=dict(type='CollapseHook', interval=200),
)
