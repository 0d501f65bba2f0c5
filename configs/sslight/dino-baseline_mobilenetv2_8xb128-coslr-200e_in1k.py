_base_ = [
    '../_base_/models/sslight/dino_mobilenetv2.py',
    '../_base_/datasets/in1k_multi_crop_224.py',
    '../_base_/schedules/lars_bs1024_coslr_sslight.py',
    '../_base_/sslight_runtime.py',
]
