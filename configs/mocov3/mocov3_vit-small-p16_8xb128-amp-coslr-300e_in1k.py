# For a single machine, where a smaller batch is more stable, too
_base_ = ['mocov3_vit-small-p16_32xb128-amp-coslr-300e_in1k.py']

optim_wrapper = dict(optimizer=dict(lr=1.5e-4 * 1024 / 256))
auto_scale_lr = dict(base_batch_size=1024)
