"""k-NN and a linear probe on the pre-trained features, of class folders: data/few_pictures/{train,test}/<class>/..."""

_base_ = [
    '../../../configs/_base_/models/s3l/resnet50_features.py',
    '../../../configs/_base_/datasets/s3l/classify_224.py',
    '../../../configs/_base_/evaluation/knn.py',
    '../../../configs/_base_/default_runtime.py',
]

image_size = 112
checkpoint = 'work_dirs/byol_resnet18_1xb50-coslr-100e_few-pictures-112px/epoch_100.pth'
model = dict(backbone=dict(depth=18, init_cfg=dict(checkpoint=checkpoint)))
pictures = dict(type='CustomDataset', data_root='data/few_pictures', pipeline=_base_.test_pipeline)
train_dataloader = dict(num_workers=0, persistent_workers=False, dataset=dict(pictures, data_prefix='train'))
test_dataloader = dict(num_workers=0, persistent_workers=False, dataset=dict(pictures, data_prefix='test'))
val_dataloader = val_evaluator = None
test_cfg = dict(ks=(1, 5, 10), linear=dict())
test_evaluator = []
