# What SSLight changes of the views of its baselines, beside one of which a recipe inherits this
sslight_views = dict(global_scale=(0.3, 1.0), local_scale=(0.05, 0.3), local_size=128)
