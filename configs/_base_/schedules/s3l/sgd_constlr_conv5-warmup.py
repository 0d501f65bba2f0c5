# S3L's warm-up of a new conv5, for batches of 64: the milestones of its schedule lie behind its end. Biases and norms
# are decayed, too.
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=0.1, momentum=0.9, weight_decay=5e-4))
param_scheduler = []
train_cfg = dict(type='SSLTrainLoop', max_epochs=10, val_interval=1)
val_cfg = dict()
test_cfg = dict()

auto_scale_lr = dict(base_batch_size=64, enable=False)
