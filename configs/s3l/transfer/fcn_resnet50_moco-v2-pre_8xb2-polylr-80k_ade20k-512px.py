_base_ = '../../baselines/transfer/fcn_resnet50_external-pre_8xb2-polylr-80k_ade20k-512px.py'

transfer = dict(checkpoint='work_dirs/moco-v2_resnet50_8xb32-coslr-200e_in1k/epoch_200.pth')
