"""Run-time settings of detectors: those of pre-training, in mmdet's scope."""

_base_ = '../default_runtime.py'

default_scope = 'mmdet'
custom_imports = dict(imports=['sslrecipes.transfer'], allow_failed_imports=False)

# the backbone's weights: a file of ours or of a known official family, and the network in it
transfer = dict(checkpoint=None, part='student')

# training is counted in iterations
default_hooks = dict(checkpoint=dict(interval=0))
log_processor = dict(by_epoch=False)
visualizer = dict(type='DetLocalVisualizer')
