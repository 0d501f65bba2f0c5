# CIFAR-100: 50,000 images of 32 px for training, 10,000 for the test
num_classes = 100
train_set = dict(type='CIFAR100', data_root='data/cifar100/', split='train', download=False)
test_set = dict(type='CIFAR100', data_root='data/cifar100/', split='test', test_mode=True, download=False)
