"""The twelve published rows of SSLight: pre-training on ImageNet-1k, then linear probe, 1 % and 10 % of labels, COCO.

The authors report the best epoch of probes and fine-tuning, and so does the table.
"""

title = 'SSLight on ImageNet-1k and COCO'
_networks = {
    'dino_resnet18': 'dino-{}_resnet18',
    'dino_resnet34': 'dino-{}_resnet34',
    'dino_mobilenet': 'dino-{}_mobilenetv2',
    'dino_vit': 'dino-{}_vit-tiny-p16',
    'swav_mobilenet': 'swav-{}_mobilenetv2',
    'moco_mobilenet': 'moco-{}_mobilenetv2',
}
claim = dict(
    text='Larger local crops, of more similar scale and with less weight, help small networks.',
    source='Effective Self-supervised Pre-training on Low-compute Networks, https://arxiv.org/abs/2210.02808',
    pairs=[(f'{name}_sslight', f'{name}_baseline') for name in _networks],
)
stages = {
    f'{name}_{views}': dict(recipe=f'{recipe.format(views)}_8xb128-coslr-200e_in1k')
    for name, recipe in _networks.items()
    for views in ('baseline', 'sslight')
}
_cnns = [name for name in stages if name.startswith(('dino_resnet', 'dino_mobilenet'))]
evaluations = dict(
    linear=dict(recipe='*-linear-coslr-100e_in1k'),
    labels_1=dict(recipe='*-coslr-60e_in1k-1pct', of=_cnns),
    labels_10=dict(recipe='*-coslr-30e_in1k-10pct', of=_cnns),
    boxes=dict(recipe='faster-rcnn_*-90k_coco', of=_cnns),
    masks=dict(recipe='mask-rcnn_*-90k_coco', of=_cnns),
)
table = dict(
    columns={
        'linear': 'linear.best accuracy/top1',
        'linear published': 'linear.published',
        '1 %': 'labels_1.best accuracy/top1',
        '1 % published': 'labels_1.published',
        '10 %': 'labels_10.best accuracy/top1',
        '10 % published': 'labels_10.published',
        'box AP': 'boxes.coco/bbox_mAP',
        'box AP published': 'boxes.published',
        'mask AP': 'masks.coco/segm_mAP',
        'mask AP published': 'masks.published',
    },
    factor={'box AP': 100, 'mask AP': 100},
)
