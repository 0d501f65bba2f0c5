# The checkpoint of the best epoch stays, beside the newest ones
_base_ = '../default_runtime.py'

default_hooks = dict(checkpoint=dict(save_best='accuracy/top1'))
