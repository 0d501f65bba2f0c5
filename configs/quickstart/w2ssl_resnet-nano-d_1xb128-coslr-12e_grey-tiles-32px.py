_base_ = [
    '../_base_/models/quickstart/w2ssl_resnet-nano-d.py',
    '../_base_/datasets/quickstart/grey_tiles_32_regions.py',
    '../_base_/schedules/quickstart/adamw_bs128_coslr_two_views.py',
    '../_base_/default_runtime.py',
]
