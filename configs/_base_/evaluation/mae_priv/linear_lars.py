"""As linear_sgd.py, with MAE-priv's "LARS": without weight decay it scales no step, so that it is SGD with
heavy-ball momentum. The batch is 2048 per GPU.
"""

_base_ = 'linear_sgd.py'

optim_wrapper = dict(
    optimizer=dict(
        _delete_=True,
        type='LARS',
        lr=0.1 * 16384 / 256,
        momentum=0.9,
        weight_decay=0.0,
        adapt_without_decay=False,
        decay_gradient=False,
        denominator='gradient_plus_decay',
    ),
)

auto_scale_lr = dict(base_batch_size=16384)
