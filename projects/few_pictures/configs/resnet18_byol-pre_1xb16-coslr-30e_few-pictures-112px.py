"""Fine-tuning the pre-trained network on class folders, of which there are eighteen here."""

_base_ = [
    '../../../configs/_base_/models/s3l/resnet50_classifier.py',
    '../../../configs/_base_/datasets/s3l/classify_224.py',
    '../../../configs/_base_/schedules/s3l/sgd_coslr_finetune.py',
    '../../../configs/_base_/runtimes/keep_best.py',
]

image_size = 112
checkpoint = 'work_dirs/byol_resnet18_1xb50-coslr-100e_few-pictures-112px/epoch_100.pth'
model = dict(backbone=dict(depth=18, init_cfg=dict(checkpoint=checkpoint)), head=dict(in_channels=512, num_classes=18))
pictures = dict(type='CustomDataset', data_root='data/few_pictures')
train_dataloader = dict(num_workers=1, dataset=dict(pictures, data_prefix='train', pipeline=_base_.zoom_pipeline))
val_dataloader = test_dataloader = dict(
    num_workers=1, dataset=dict(pictures, data_prefix='test', pipeline=_base_.test_pipeline)
)
val_evaluator = test_evaluator = [dict(type='Accuracy', topk=1)]  # for any number of classes
optim_wrapper = dict(optimizer=dict(lr=0.1 * 16 / 64))
auto_scale_lr = dict(base_batch_size=16)
train_cfg = dict(max_epochs=30)
