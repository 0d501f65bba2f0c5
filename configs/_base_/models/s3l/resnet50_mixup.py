# As resnet50_classifier.py, of pictures that are mixed in pairs; heirs say data_preprocessor.num_classes, too
_base_ = ['resnet50_classifier.py']

model = dict(
    head=dict(loss=dict(use_soft=True)),
    train_cfg=dict(augments=[dict(type='Mixup', alpha=1.0)]),
)
