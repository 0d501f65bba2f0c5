# FGVC-Aircraft, variants of planes: 6,667 images for training, 3,333 for the test
num_classes = 100
train_set = dict(type='FGVCAircraft', data_root='data/fgvc-aircraft-2013b/', split='trainval')
test_set = dict(type='FGVCAircraft', data_root='data/fgvc-aircraft-2013b/', split='test')
