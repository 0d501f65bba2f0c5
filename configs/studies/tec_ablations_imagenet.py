"""TEC with one setting changed at a time, fine-tuned with the settings of the recipe. No results are published."""

title = 'Ablations of TEC on ImageNet-1k'
claim = dict(
    text='Each part of TEC helps.',
    pairs=[('tec', 'no_relation'), ('tec', 'no_mlp_token'), ('tec', 'no_target_norm')],
    by=['top-1'],
)
_parts = ['no-relation', 'no-mlp-token', 'no-target-norm']
_settings = ['topk1', 'topk9', 'topk30', 'tau1', 'tau3', 'last1', 'last4']
stages = dict(
    tec=dict(recipe='tec-mae_vit-base-p16_8xb256-accum2-amp-coslr-300e_in1k'),
    ibot=dict(recipe='tec-ibot-mae-settings_vit-base-p16_8xb256-accum2-amp-coslr-300e_in1k'),
    **{
        name.replace('-', '_'): dict(recipe=f'tec-mae-{name}_vit-base-p16_8xb256-accum2-amp-coslr-300e_in1k')
        for name in [*_parts, *_settings]
    },
)
_fine_tuning = 'vit-base-p16_tec-mae-300e-pre_8xb128-amp-coslr-100e_in1k'
evaluations = dict(
    fine_tuned=dict(recipe=_fine_tuning, of=[name for name in stages if name != 'no_mlp_token']),
    without_mlp=dict(
        recipe=_fine_tuning, options={'model.backbone.mlp_token': False}, of='no_mlp_token', untrained=False
    ),
)
table = dict(columns={'top-1': 'accuracy/top1', 'published': 'published'})
