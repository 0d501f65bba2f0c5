# SimCLR's own settings; the learning rate grows with the batch
_base_ = ['../s3l/simclr-paper_resnet50_32xb128-coslr-1000e_in1k.py']

optim_wrapper = dict(optimizer=dict(lr=0.3 * 256 / 256))
train_cfg = dict(max_epochs=200)
train_dataloader = dict(batch_size=32)
auto_scale_lr = dict(base_batch_size=256)
