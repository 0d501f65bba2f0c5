# S3L's fine-tuning on a small data set, for batches of 64. Biases and norms are decayed, too; the learning rate moves
# with every step.
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=0.1, momentum=0.9, weight_decay=5e-4))
param_scheduler = dict(type='WarmupCosineLR')
train_cfg = dict(type='SSLTrainLoop', max_epochs=120, val_interval=1)
val_cfg = dict()
test_cfg = dict()

auto_scale_lr = dict(base_batch_size=64, enable=False)
