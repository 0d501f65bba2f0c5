# Fine-tuning and linear probes of MAE-priv: the checkpoint of the best epoch stays, too
_base_ = 'pretrain.py'

default_hooks = dict(checkpoint=dict(save_best='accuracy/top1'))
