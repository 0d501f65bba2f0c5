# Fine-tuning of MAE-priv: that of MAE without RandomErasing, validated in batches of 1.5 times the training's
_base_ = ['../mae/in1k_finetune_224.py']

train_pipeline = [_base_.load, _base_.crop, _base_.flip, _base_.augment, _base_.pack]

train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = test_dataloader = dict(batch_size=192)
