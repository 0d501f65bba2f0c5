# As photo_tiles_32_multi_crop.py, with 5,000 pictures of Fashion-MNIST (Debian's package dataset-fashion-mnist)
_base_ = ['photo_tiles_32_multi_crop.py']

pictures = dict(_delete_=True, type='FashionMNIST', split='train', indices=5000, pipeline=_base_.train_pipeline)
val_pipeline = [dict(type='Resize', scale=32, backend='pillow', interpolation='bicubic'), dict(type='PackInputs')]
train_dataloader = dict(dataset=pictures)
val_dataloader = dict(dataset=dict(pictures, split='val', indices=2000, test_mode=True, pipeline=val_pipeline))
