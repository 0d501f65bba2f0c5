# 1,000 labelled pictures of Fashion-MNIST, and all 10,000 for validation
_base_ = ['grey_tiles_32_eval.py']

data_preprocessor = dict(num_classes=10, mean=[73.0, 73.0, 73.0], std=[90.0, 90.0, 90.0])
pipeline = [_base_.resize, _base_.pack]

labelled = dict(_delete_=True, type='FashionMNIST', split='train', indices=1000, pipeline=pipeline)
train_dataloader = dict(dataset=labelled)
validation = dict(_delete_=True, type='FashionMNIST', split='val', test_mode=True, pipeline=pipeline)
val_dataloader = dict(batch_size=256, dataset=validation)
test_dataloader = val_dataloader
val_evaluator = [dict(type='Accuracy', topk=(1, 5))]  # as many pictures of each class
test_evaluator = val_evaluator
