# SSLight's linear evaluation: crop and flip as for MAE, but every image of an epoch counts. CNN recipes set a batch of
# 512 per GPU.
_base_ = ['../in1k_linear_224.py']

train_dataloader = dict(batch_size=128, drop_last=False)
