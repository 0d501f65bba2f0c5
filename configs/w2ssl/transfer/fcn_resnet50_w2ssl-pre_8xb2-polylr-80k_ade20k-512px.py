# Ours: W2SSL has no segmentor
_base_ = '../../baselines/transfer/fcn_resnet50_external-pre_8xb2-polylr-80k_ade20k-512px.py'

transfer = dict(checkpoint='work_dirs/w2ssl_resnet50_4xb128-amp-coslr-200e_in1k/epoch_200.pth')
