# Two views of 32 px of all 60,000 training pictures of Fashion-MNIST (Debian's package dataset-fashion-mnist)
_base_ = ['grey_tiles_32_two_views.py']

data_preprocessor = dict(mean=[73.0, 73.0, 73.0], std=[90.0, 90.0, 90.0])
views = dict(_base_.views, global_scale=(0.3, 1.0))
train_pipeline = [views, _base_.pack]
train_dataloader = dict(dataset=dict(_delete_=True, type='FashionMNIST', split='train', pipeline=train_pipeline))
