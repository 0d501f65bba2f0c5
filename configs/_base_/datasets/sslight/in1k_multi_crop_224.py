# Views [g1, g2, l1 ... l6] of DINO and MoCo for CNNs (baseline), each as torchvision makes it of Pillow images; the
# validation view of the joint probe and the k-NN monitor. backend='opencv' is several times faster, and differs by a
# few grey levels.
_base_ = ['../in1k_train.py', '../in1k_val_224.py']

data_preprocessor = dict(type='SelfSupDataPreprocessor')

views = dict(
    type='MultiCrop',
    global_size=224,
    global_scale=(0.14, 1.0),
    local_size=96,
    local_scale=(0.05, 0.14),
    num_locals=6,
    jitter=(0.4, 0.4, 0.2, 0.1),  # brightness, contrast, saturation, hue
    blur=(1.0, 0.1, 0.5),  # probabilities for g1, g2 and each local view
    solarize=(0.0, 0.2, 0.0),
    backend='pillow',
)
pack = dict(
    type='PackInputs',
    meta_keys=('sample_idx', 'img_path', 'ori_shape', 'img_shape', 'crop_boxes', 'crop_flips', 'view_ids'),
)
train_pipeline = [_base_.load, views, pack]

train_dataloader = dict(batch_size=128, dataset=dict(pipeline=train_pipeline))
val_cfg = dict()
val_evaluator = [dict(type='Accuracy', topk=(1, 5)), dict(type='SelfKNN', k=20, temperature=0.07)]
