# As linear_lars.py, with the LARS that MAE's paper means: the step of weights follows their norm, biases take
# plain momentum steps
_base_ = 'linear_lars.py'

optim_wrapper = dict(
    optimizer=dict(adapt_without_decay=True, adapt_vectors=False, decay_gradient=True, denominator='decayed_gradient'),
)
