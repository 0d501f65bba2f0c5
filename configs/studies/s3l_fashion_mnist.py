# The same on 10,800 pictures of Fashion-MNIST, which Debian's package dataset-fashion-mnist holds
_base_ = 's3l_grey_tiles.py'

title = 'Half the resolution, and no conv5, on Fashion-MNIST'
_whole = 'quickstart/simclr_resnet-nano-d_1xb128-coslr-2e_fashion-mnist-32px'
_noconv5 = 'quickstart/simclr_resnet-nano-d-noconv5_1xb128-coslr-2e_fashion-mnist-32px'
_warmup = dict(recipe='quickstart/resnet-nano-d_simclr-noconv5-pre_1xb64-constlr-10e_fashion-mnist-32px')
_pictures = {'train_dataloader.dataset.indices': 10800}
stages = dict(
    **{
        stage: dict(
            recipe=_noconv5 if stage.startswith('noconv5') else _whole,
            options=_pictures,
        )
        for stage in ('full', 'half', 'half_longer', 'first', 'staged', 'staged_longer', 'noconv5', 'noconv5_longer')
    },
    **dict.fromkeys(('conv5', 'conv5_longer'), _warmup),
)
evaluations = dict(
    frozen=dict(recipe='quickstart/resnet-nano-d_knn-linear_fashion-mnist-32px'),
    frozen_noconv5=dict(recipe='quickstart/resnet-nano-d-noconv5_knn-linear_fashion-mnist-32px'),
    finetuned=dict(recipe='quickstart/resnet-nano-d_simclr-pre_1xb64-coslr-20e_fashion-mnist-32px'),
)
work_dir = 'work_dirs/s3l/fashion-mnist'
