_base_ = ['../s3l/simclr-paper_resnet50_32xb128-coslr-1000e_in1k.py']

train_cfg = dict(max_epochs=800)
