_base_ = ['../s3l/simsiam-paper_resnet50_8xb64-coslr-100e_in1k.py']

optim_wrapper = dict(optimizer=dict(lr=0.05 * 256 / 256))
train_cfg = dict(max_epochs=200)
train_dataloader = dict(batch_size=32)
auto_scale_lr = dict(base_batch_size=256)
