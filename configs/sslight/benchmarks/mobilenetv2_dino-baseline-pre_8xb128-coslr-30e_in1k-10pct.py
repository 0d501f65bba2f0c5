_base_ = ['mobilenetv2_dino-baseline-pre_8xb128-coslr-60e_in1k-1pct.py']

train_dataloader = dict(dataset=dict(subset='data/imagenet/subsets/10percent.txt'))
train_cfg = dict(max_epochs=30)
