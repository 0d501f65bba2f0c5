_base_ = ['simclr_resnet50_8xb32-coslr-200e_in1k.py']

optim_wrapper = dict(optimizer=dict(lr=0.3 * 1024 / 256))
train_dataloader = dict(batch_size=128)
auto_scale_lr = dict(base_batch_size=1024)
