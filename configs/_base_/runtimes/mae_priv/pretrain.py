# Every twentieth checkpoint of MAE-priv stays, beside the newest ones
_base_ = ['../../default_runtime.py']

default_hooks = dict(checkpoint=dict(keep_every=20))
