# Objects of ten classes, of Debian's package tuxpaint-stamps-default, for k-NN, probes and fine-tuning. Training and
# validation show different objects.
_base_ = ['photo_tiles_32_eval.py']

data_preprocessor = dict(num_classes=10)
stamps = dict(_delete_=True, type='Stamps', size=32, pipeline=[dict(type='PackInputs')])
train_dataloader = dict(dataset=dict(stamps, split='train'))
val_dataloader = dict(dataset=dict(stamps, split='val', test_mode=True))
test_dataloader = val_dataloader
val_evaluator = dict(_delete_=True, type='Accuracy', topk=(1, 5))  # as many pictures of each class
test_evaluator = val_evaluator
