# SimCLR with the settings of its own paper, to compare with: negatives of all processes, strong colours, LARS
_base_ = [
    '../_base_/models/s3l/simclr_resnet50.py',
    '../_base_/datasets/s3l/in1k_two_views_224.py',
    '../_base_/schedules/s3l/lars_bs4096_coslr.py',
    '../_base_/runtimes/sslight/pretrain.py',
]

model = dict(head=dict(base_temperature=None, gather=True))
views = dict(_base_.views, global_scale=(0.08, 1.0), jitter=(0.8, 0.8, 0.8, 0.2), interpolation='bicubic')
train_pipeline = [_base_.load, views, _base_.pack]
train_dataloader = dict(batch_size=128, dataset=dict(pipeline=train_pipeline))
