# BYOL with the settings that its authors have for 300 epochs; they have none for 200
_base_ = ['../s3l/byol-paper_resnet50_32xb128-coslr-1000e_in1k.py']

model = dict(base_momentum=0.99)
optim_wrapper = dict(optimizer=dict(lr=0.3 * 4096 / 256, weight_decay=1e-6))
train_cfg = dict(max_epochs=200)
