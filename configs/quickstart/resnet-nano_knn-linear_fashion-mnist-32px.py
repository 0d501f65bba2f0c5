_base_ = ['resnet-nano_knn-linear_photo-tiles-32px.py']

data_preprocessor = dict(num_classes=10)
pipeline = [dict(type='Resize', scale=32, backend='pillow', interpolation='bicubic'), dict(type='PackInputs')]
train_dataset = dict(_delete_=True, type='FashionMNIST', split='train', indices=5000, pipeline=pipeline)
test_dataset = dict(_delete_=True, type='FashionMNIST', split='val', indices=2000, test_mode=True, pipeline=pipeline)
train_dataloader = dict(dataset=train_dataset)
test_dataloader = dict(dataset=test_dataset)
