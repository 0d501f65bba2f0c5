# Oxford Flowers: 2,040 images for training, 6,149 for the test
num_classes = 102
train_set = dict(type='Flowers102', data_root='data/Flowers102/', split='trainval')
test_set = dict(type='Flowers102', data_root='data/Flowers102/', split='test')
