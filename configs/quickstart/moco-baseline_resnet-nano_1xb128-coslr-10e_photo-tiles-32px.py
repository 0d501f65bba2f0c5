_base_ = [
    '../_base_/models/quickstart/moco_resnet-nano.py',
    '../_base_/datasets/quickstart/photo_tiles_32_multi_crop.py',
    '../_base_/schedules/quickstart/adamw_bs128_coslr_multi_crop.py',
    '../_base_/default_runtime.py',
]
