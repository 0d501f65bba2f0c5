# k-NN on frozen features of the variant with a class token: that token after the last block
_base_ = 'vit-nano-p4_mae-priv-gap-pre_knn_photo-tiles-32px.py'

model = dict(
    backbone=dict(with_cls_token=True, init_cfg=dict(checkpoint='work_dirs/quickstart/mae-priv/cls/epoch_8.pth'))
)
work_dir = 'work_dirs/quickstart/mae-priv/cls-knn'
