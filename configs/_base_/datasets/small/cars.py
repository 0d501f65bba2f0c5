# Stanford Cars, models: 8,144 images for training, 8,041 for the test
num_classes = 196
train_set = dict(type='StanfordCars', data_root='data/Stanford_Cars/', split='train')
test_set = dict(type='StanfordCars', data_root='data/Stanford_Cars/', split='test')
