# Ours: the papers train AlexNets with learning rates that fall in steps. These are the usual settings of a ResNet50.
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=0.1, momentum=0.9, weight_decay=1e-4))
param_scheduler = dict(type='WarmupCosineLR', warmup_epochs=5)
train_cfg = dict(type='SSLTrainLoop', max_epochs=200)

auto_scale_lr = dict(base_batch_size=256, enable=False)
