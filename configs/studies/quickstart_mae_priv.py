# MAE-priv without and with class token on tiles of photographs, each against random weights: minutes on two CPU cores
title = 'MAE-priv, without and with class token'
claim = dict(
    text='Pre-training by MAE-priv improves frozen features and fine-tuning, with and without class token.',
    source='the direction of table 1 of the MAE-priv README, at a size at which little can be told',
    pairs=[('mae_priv', 'untrained')],
)
factors = dict(variant=['gap', 'cls'])
stages = dict(
    mae_priv=dict(recipe='quickstart/mae-priv-{variant}_vit-nano-p4_1xb64-coslr-8e_photo-tiles-32px', title='MAE-priv'),
)
evaluations = dict(
    knn=dict(recipe='quickstart/vit-nano-p4_mae-priv-{variant}-pre_knn_photo-tiles-32px'),
    linear=dict(recipe='quickstart/vit-nano-p4_mae-priv-{variant}-pre_1xb64-linear-coslr-3e_photo-tiles-32px'),
    finetune=dict(recipe='quickstart/vit-nano-p4_mae-priv-{variant}-pre_1xb64-coslr-3e_photo-tiles-32px'),
)
table = dict(
    rows=['stage', 'variant'],
    columns={
        'k-NN': 'knn/top1_k10',
        'k-NN balanced': 'knn/balanced_k10',
        'linear': 'linear.accuracy/top1',
        'linear balanced': 'linear.accuracy/balanced',
        'fine-tuned': 'finetune.accuracy/top1',
        'fine-tuned balanced': 'finetune.accuracy/balanced',
        'seconds': 'seconds',
        'images/s': 'images/s',
    },
)
_crops = dict(count=6, cfg_options=['val_dataloader.dataset.tile_size=96'])
pictures = dict(
    reconstruction=dict(
        tool='reconstruction',
        of='mae_priv',
        arguments=dict(samples=dict(count=6)),
        caption='Tiles, what the network sees of them, what it makes of that, and both together.',
    ),
    attention=dict(
        tool='attention',
        of='finetune',
        arguments=dict(size=96, samples=_crops),
        caption='Where the fine-tuned network looks: attention rollout over larger crops.',
    ),
)
work_dir = 'work_dirs/quickstart/mae-priv'
