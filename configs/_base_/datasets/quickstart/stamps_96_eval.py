# As stamps_32_eval.py, prepared as the tiles of photo_tiles_96.py: in grey and of equal contrast.
_base_ = ['photo_tiles_96_eval.py']

data_preprocessor = dict(num_classes=10)
stamps = dict(_delete_=True, type='Stamps', size=96, pipeline=_base_.pipeline)
train_dataloader = dict(dataset=dict(stamps, split='train'))
val_dataloader = dict(dataset=dict(stamps, split='val', test_mode=True))
test_dataloader = val_dataloader
val_evaluator = dict(_delete_=True, type='Accuracy', topk=(1, 5))  # as many pictures of each class
test_evaluator = val_evaluator
