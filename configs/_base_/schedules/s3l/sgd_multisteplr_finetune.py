# Fine-tuning in S3L's classification benchmarks, for batches of 64. Biases and norms are decayed, too.
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=0.001, momentum=0.9, weight_decay=5e-4))
param_scheduler = dict(type='MultiStepLR', milestones=[20, 40], gamma=0.1)
train_cfg = dict(type='SSLTrainLoop', max_epochs=60, val_interval=1)
val_cfg = dict()
test_cfg = dict()

auto_scale_lr = dict(base_batch_size=64, enable=False)
