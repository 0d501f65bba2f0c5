"""Batch norm's statistics are measured anew on 200 training batches before each validation, as detectron2 does it."""

custom_hooks = [dict(type='sslrecipes.PreciseBNHook', num_batches=200)]
