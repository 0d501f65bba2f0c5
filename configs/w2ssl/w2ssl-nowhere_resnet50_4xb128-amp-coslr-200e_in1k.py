# Without the loss of positions: what does the rest of the method reach?
_base_ = ['w2ssl_resnet50_4xb128-amp-coslr-200e_in1k.py']

model = dict(head=dict(where_weight=0.0))
