# As vit-nano-p4_knn-linear_photo-tiles-32px.py, for the small ResNet
_base_ = [
    '../_base_/models/quickstart/resnet-nano_features.py',
    '../_base_/datasets/quickstart/photo_tiles_32_eval.py',
    '../_base_/evaluation/knn.py',
    '../_base_/default_runtime.py',
]

bank_dataset = dict(_base_.train_dataloader.dataset, pipeline=_base_.test_dataloader.dataset.pipeline)
test_cfg = dict(ks=(1, 10, 20), linear=dict(), bank=dict(_base_.test_dataloader, dataset=bank_dataset))
test_evaluator = []
train_dataloader = val_dataloader = val_evaluator = None
