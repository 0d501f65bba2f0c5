_base_ = 'fcn_mobilenetv2_dino-baseline-pre_8xb2-polylr-80k_ade20k-512px.py'

transfer = dict(checkpoint='work_dirs/dino-sslight_mobilenetv2_8xb128-coslr-200e_in1k/epoch_200.pth')
