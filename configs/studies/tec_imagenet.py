"""The six published rows of TEC: pre-training on ImageNet-1k, then fine-tuning.

The official base models lie in checkpoints/ (configs/tec/README.md says where they come from). That of 300 epochs isn't
public: it is trained with our recipe of MAE, and fine-tuned as the others are.
"""

title = 'TEC on ImageNet-1k'
claim = dict(
    text='A student of a pre-trained model becomes better than that model, and more so with more epochs.',
    source='Towards Sustainable Self-supervised Learning, https://arxiv.org/abs/2210.11016',
    pairs=[('tec_on_mae300', 'mae300'), ('tec_800', 'tec_300'), ('tec_on_ibot_800', 'tec_on_ibot_300')],
)
stages = dict(
    mae300=dict(recipe='mae_vit-base-p16_8xb512-amp-coslr-300e_in1k'),
    tec_on_mae300=dict(recipe='tec-mae300e_vit-base-p16_8xb256-accum2-amp-coslr-100e_in1k', after='mae300'),
    tec_300=dict(recipe='tec-mae_vit-base-p16_8xb256-accum2-amp-coslr-300e_in1k'),
    tec_800=dict(recipe='tec-mae_vit-base-p16_8xb256-accum2-amp-coslr-800e_in1k'),
    tec_on_ibot_300=dict(recipe='tec-ibot_vit-base-p16_8xb256-accum2-amp-coslr-300e_in1k'),
    tec_on_ibot_800=dict(recipe='tec-ibot_vit-base-p16_8xb256-accum2-amp-coslr-800e_in1k'),
    tec_large_300=dict(recipe='tec-mae_vit-large-p16_8xb256-accum2-amp-coslr-300e_in1k'),
)
evaluations = dict(fine_tuned=dict(recipe='vit-*-pre_8xb*-amp-coslr-*e_in1k'))
table = dict(columns={'top-1': 'fine_tuned.accuracy/top1', 'published': 'fine_tuned.published', 'epochs': 'epochs'})
