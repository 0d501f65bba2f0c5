# Linear probing of MAE: crop and flip only.
_base_ = ['in1k_train.py', 'in1k_val_224.py']

data_preprocessor = dict(type='ClsDataPreprocessor', num_classes=1000)

crop = dict(
    type='RandomResizedCrop', scale=224, crop_ratio_range=(0.08, 1.0), backend='pillow', interpolation='bicubic'
)
flip = dict(type='RandomFlip', prob=0.5)
pack = dict(type='PackInputs')
train_pipeline = [_base_.load, crop, flip, pack]

train_dataloader = dict(batch_size=2048, dataset=dict(pipeline=train_pipeline))
test_dataloader = _base_.val_dataloader
val_evaluator = dict(type='Accuracy', topk=(1, 5))
test_evaluator = val_evaluator
