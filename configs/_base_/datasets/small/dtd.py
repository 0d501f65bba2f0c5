# Describable textures, the first of their ten splits: 3,760 images for training, 1,880 for the test
num_classes = 47
train_set = dict(type='DTD', data_root='data/dtd/', split='trainval')
test_set = dict(type='DTD', data_root='data/dtd/', split='test')
