# Pascal VOC 2007, which of 20 kinds of objects are there: 5,011 images for training, 4,952 for the test
num_classes = 20
train_set = dict(type='VOCLabels', data_root='data/VOCdevkit/VOC2007/', split='trainval')
test_set = dict(type='VOCLabels', data_root='data/VOCdevkit/VOC2007/', split='test', test_mode=True)
