"""SSLight's linear evaluation of ViT-Ti: as linear_lars.py, with SGD on the class tokens of the last blocks.

Inherit it like that one, beside a FeatureModel whose backbone has out_indices=(8, 9, 10, 11), and add:

    model = dict(_base_.probe, num_classes=1000, outputs='all')
"""

_base_ = 'linear_lars.py'

optim_wrapper = dict(
    optimizer=dict(_delete_=True, type='SGD', lr=0.01 * 1024 / 256, momentum=0.9, weight_decay=0.0),
)

auto_scale_lr = dict(base_batch_size=1024)
