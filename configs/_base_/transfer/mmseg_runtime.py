"""Run-time settings of segmentors: those of detectors, in mmseg's scope."""

_base_ = 'mmdet_runtime.py'

default_scope = 'mmseg'
visualizer = dict(type='SegLocalVisualizer')
