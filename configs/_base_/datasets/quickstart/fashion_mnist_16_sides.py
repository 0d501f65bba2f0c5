# Left or right? Half of the pictures of fashion_mnist_32_eval.py show their left part, the others their right one, as
# wide as in the training of W2SSL and neither cropped nor flipped
_base_ = ['fashion_mnist_32_eval.py']

region = dict(type='RegionOfIndex', regions=2, overlap=0.3)
pipeline = [region, dict(_base_.resize, scale=16), _base_.pack]
data_preprocessor = dict(num_classes=2)
train_dataloader = dict(dataset=dict(pipeline=pipeline))
val_dataloader = dict(dataset=dict(pipeline=pipeline))
test_dataloader = val_dataloader
