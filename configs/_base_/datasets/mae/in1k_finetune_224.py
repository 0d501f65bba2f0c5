# Fine-tuning of MAE and TEC. Official: timm's rand-m9-mstd0.5-inc1 and RandomErasing(0.25, 'pixel'), which fills with
# N(0, 1) after normalisation; fill_color and fill_std say the same before it (BGR).
_base_ = ['../in1k_linear_224.py']

augment = dict(
    type='RandAugment',
    policies='timm_increasing',  # each with probability 0.5
    num_policies=2,
    total_level=10,
    magnitude_level=9,
    magnitude_std=0.5,
    hparams=dict(pad_val=[104, 116, 124], interpolation='bicubic'),
)
erase = dict(
    type='RandomErasing',
    erase_prob=0.25,
    mode='rand',
    min_area_ratio=0.02,
    max_area_ratio=1 / 3,
    fill_color=[103.53, 116.28, 123.675],
    fill_std=[57.375, 57.12, 58.395],
)
train_pipeline = [_base_.load, _base_.crop, _base_.flip, augment, erase, _base_.pack]

train_dataloader = dict(batch_size=128, dataset=dict(pipeline=train_pipeline))
