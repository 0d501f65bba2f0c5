# CIFAR-10: 50,000 images of 32 px for training, 10,000 for the test
num_classes = 10
train_set = dict(type='CIFAR10', data_root='data/cifar10/', split='train', download=False)
test_set = dict(type='CIFAR10', data_root='data/cifar10/', split='test', test_mode=True, download=False)
