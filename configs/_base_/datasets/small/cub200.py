# CUB-200-2011, birds: 5,994 images for training, 5,794 for the test
num_classes = 200
train_set = dict(type='CUB', data_root='data/CUB_200_2011/', split='train')
test_set = dict(type='CUB', data_root='data/CUB_200_2011/', split='test', test_mode=True)
