_base_ = [
    '../_base_/models/quickstart/moco-v2_resnet-nano-d.py',
    '../_base_/datasets/quickstart/grey_tiles_32_two_views.py',
    '../_base_/schedules/quickstart/adamw_bs128_coslr_two_views.py',
    '../_base_/default_runtime.py',
]

# Each view is the key of the other. A longer queue would often hold keys of the query's own tile.
model = dict(symmetric=True, head=dict(queue_length=1024))
