# Caltech-101 with its background class: 30 images of each class for training, 6,084 for the test
num_classes = 102
train_set = dict(type='Caltech101', data_root='data/caltech-101/', split='train')
test_set = dict(type='Caltech101', data_root='data/caltech-101/', split='test')
