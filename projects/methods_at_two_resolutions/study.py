"""Three methods at two resolutions, three seeds each: 18 pre-trainings of a nano ResNet on tiles of photographs."""

title = 'Methods at two resolutions'
claim = dict(text='Each method learns more than an untrained network has.', pairs=[('trained', 'untrained')])
factors = dict(method=['dino-sslight', 'swav-baseline', 'moco-baseline'], size=[32, 48], seed=[0, 1, 2])
stages = dict(
    trained=dict(
        recipe='quickstart/{method}_resnet-nano_1xb128-coslr-10e_photo-tiles-32px',
        options={
            'train_dataloader.dataset.tile_size': '{size}',
            'train_dataloader.dataset.pipeline.0.global_size': '{size}',
            'val_dataloader.dataset.tile_size': '{size}',
        },
    )
)
evaluations = dict(
    frozen=dict(
        recipe='quickstart/resnet-nano_knn-linear_photo-tiles-32px',
        options={'test_dataloader.dataset.tile_size': '{size}', 'test_cfg.bank.dataset.tile_size': '{size}'},
    )
)
table = dict(rows=['method', 'size'], columns={'k-NN': 'knn/top1_k20', 'linear': 'linear/top1', 'seconds': 'seconds'})
