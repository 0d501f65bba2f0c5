# As linear_probe.py, with MAE's BatchNorm without affine between the features and the classifiers
_base_ = 'linear_probe.py'

probe = dict(with_bn=True)
