# As classify_224.py, for CIFAR's images as they are: 32 px, in RGB already; for training they are shifted by up to 4 px
_base_ = ['classify_224.py']

data_preprocessor = dict(
    mean=[0.4914 * 255, 0.4822 * 255, 0.4465 * 255], std=[0.2023 * 255, 0.1994 * 255, 0.2010 * 255], to_rgb=False
)

crop_pipeline = [dict(type='RandomCrop', crop_size=32, padding=4), _base_.flip, _base_.pack]
test_pipeline = [_base_.pack]
