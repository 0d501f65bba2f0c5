_base_ = ['../dino-baseline_resnet18_8xb128-coslr-200e_in1k.py']

model = dict(head=dict(loss_weights=(0.4, 0.6)))
