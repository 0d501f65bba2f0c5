# As mae_priv_linear_lars.py, with the LARS that MAE's paper means: the step of weights follows their norm, biases take
# plain momentum steps
_base_ = 'mae_priv_linear_lars.py'

optim_wrapper = dict(
    optimizer=dict(
        _delete_=True,
        type='LARS',
        lr=0.1 * 16384 / 256,
        momentum=0.9,
        weight_decay=0.0,
        adapt_without_decay=True,
        adapt_vectors=False,
    ),
)
