# The only method on these tiles that needs their colours: its network sees them in grey, yet not of equal contrast
_base_ = [
    '../_base_/models/quickstart/colorization_resnet-nano-d.py',
    '../_base_/datasets/quickstart/colour_tiles_32_one_view.py',
    '../_base_/schedules/quickstart/adamw_bs128_coslr_two_views.py',
    '../_base_/default_runtime.py',
]
