# S3L's pre-training. Everything is decayed, biases and norms included; the learning rate is absolute, whatever the
# batch, and moves once per epoch.
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=0.03, momentum=0.9, weight_decay=1e-4))
param_scheduler = dict(type='WarmupCosineLR', per_epoch=True)
train_cfg = dict(type='SSLTrainLoop', max_epochs=200)
