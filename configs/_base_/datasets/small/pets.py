# Oxford-IIIT Pets, breeds: 3,680 images for training, 3,669 for the test
num_classes = 37
train_set = dict(type='OxfordIIITPet', data_root='data/Oxford-IIIT_Pets/', split='trainval')
test_set = dict(type='OxfordIIITPet', data_root='data/Oxford-IIIT_Pets/', split='test')
