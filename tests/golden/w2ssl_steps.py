"""W2SSL's recipe with the stand-in network of the cases, under the names of the official builder."""

import re
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import torch
import torch.nn.functional as F  # noqa: N812
from mmengine.model import BaseModule
from mmpretrain.models.selfsup.simclr import GatherLayer
from torch import nn

from sslrecipes.checkpoint.conversion.keymaps.mocov3 import encoders
from sslrecipes.checkpoint.conversion.keymaps.w2ssl import W2SSL
from sslrecipes.config.reading import read_config
from sslrecipes.distributed.joining import join_process_group
from sslrecipes.models.layers.gathering import gather_rows
from sslrecipes.models.layers.montage import Montages
from sslrecipes.models.layers.quadrants import by_quadrant
from sslrecipes.models.losses.supervised_contrastive import supervised_contrastive_loss
from sslrecipes.models.utils.progress import Progress
from sslrecipes.registry import MODELS

BASE = Path(__file__).parents[2] / 'configs/_base_'
RECIPE = BASE / 'models/w2ssl/w2ssl_resnet50.py'
DATA = BASE / 'datasets/w2ssl/in1k_regions_224.py'
#: Recipe on each number of regions.
RECIPES = {
    regions: BASE.parent / f'w2ssl/w2ssl{name}-amp-coslr-200e_in1k.py'
    for regions, name in ((2, '_resnet50_4xb128'), (4, '-4regions_resnet50_4xb64'))
}
LAYOUT = re.compile(
    r'conv3x3 stride(?P<first>\d+) pad1 no-bias \(3->(?P<width>\d+)\) \| BN \| ReLU \| '
    r'conv3x3 stride(?P<second>\d+) pad1 no-bias \(\d+->feat\) \| BN \| ReLU \| '
    r'bilinear resize to 8x8 \(align_corners=False\) \| adaptive avg pool 2x2\.'
)
#: The layout that the cases of several steps refer to.
SAME = 'same as what_where_step'
DEFAULT = {'first': 4, 'width': 8, 'second': 2}
LAYERS = tuple((f'{layer}.', f'backbone.{layer}.') for layer in ('conv1', 'bn1', 'conv2', 'bn2'))
#: The official names of W2SSL, with the layers of the stand-in.
KEYMAP = replace(W2SSL, rules=(*W2SSL.rules, *encoders(LAYERS)))


@MODELS.register_module()
class W2SSLStandIn(BaseModule):
    """Two convolutions with batch norm and ReLU; as laid out in the cases."""

    def __init__(self, width, feat, first, second):
        super().__init__()
        self.conv1 = nn.Conv2d(3, width, 3, first, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, feat, 3, second, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(feat)

    def forward(self, images):
        return (self.bn2(self.conv2(self.bn1(self.conv1(images)).relu())).relu(),)


def build(meta, state=None, momentum=None):
    """The model of the recipe with the sizes, options and weights of a case, in training mode.

    Args:
        meta: Of the case.
        state: Its ``state/``; parts that it leaves out stay at random.
        momentum: The constant one of the momentum encoder; None for that of the recipe.
    """
    stub = meta.get('stub_encoder', SAME)
    layout = DEFAULT if stub == SAME else {name: int(value) for name, value in LAYOUT.search(stub).groupdict().items()}
    cfg = deepcopy(read_config(RECIPE).model.to_dict())
    feat, mlp, dim = (meta[name] for name in ('feat', 'mlp', 'dim'))
    cfg['backbone'] = dict(type='W2SSLStandIn', feat=feat, **layout)
    cfg['neck'].update(in_channels=feat, hidden_channels=mlp, out_channels=dim)
    cfg['head'].update(
        in_channels=feat,
        num_regions=meta.get('n_regions', 2),
        temperature=meta['temperature'],
        base_temperature=meta.get('base_temperature', cfg['head']['base_temperature']),
        where_weight=meta.get('weight_where', 1.0),
        what_weight=meta.get('weight_what', 1.0),
    )
    cfg['head']['predictor'].update(in_channels=dim, hidden_channels=mlp, out_channels=dim)
    if momentum is not None:
        cfg.update(base_momentum=momentum, final_momentum=momentum)
    model = MODELS.build(cfg).train()
    if state:
        missing, unexpected = model.load_state_dict(KEYMAP.to_ours(state), strict=False)
        assert not unexpected
        assert all('num_batches_tracked' in name or 'backbone' in name for name in missing)
    return model


def views_of(case, regions, prefix='in/'):
    """View 1 of each region, then view 2 of each."""
    return [case[f'{prefix}view{view}_region{region}'] for view in (1, 2) for region in range(regions)]


def take_step(model, views, order, progress=Progress(step=0, steps_per_epoch=1, epochs=1)):  # noqa: B008  a tuple
    """Losses of a step whose regions are arranged in this order, with the gradients left at the parameters."""
    model.montages.draw = lambda count: order
    model.begin_step(progress)
    model.zero_grad(set_to_none=True)
    losses = model(views, mode='loss')
    total = losses['loss_where'] + losses['loss_what']
    total.backward()
    return {'total': total.detach(), **{name: value.detach() for name, value in losses.items()}}


def compare_gradients(model, stored):
    """All stored gradients are ours, and nothing else has one."""
    expected = KEYMAP.to_ours(stored)
    for name, parameter in model.named_parameters():
        if name in expected:
            gradient = torch.zeros_like(parameter) if parameter.grad is None else parameter.grad
            torch.testing.assert_close(gradient, expected.pop(name), rtol=1e-4, atol=1e-5, msg=name)
        else:
            assert parameter.grad is None or not parameter.grad.any(), name
    assert not expected


def compare_states(model, stored, **tolerance):
    """Stored parameters and buffers are ours."""
    state = model.state_dict()
    for name, value in KEYMAP.to_ours(stored).items():
        torch.testing.assert_close(state[name], value, **tolerance, msg=f'{name} differs')


def on_rank(case, rank, summed=True):
    """What a rank makes of its inputs: montages, gathered features, the loss and its gradient for the pooled maps."""
    join_process_group('pytorch', timeout=60)
    views = sorted(name.partition('_region') for name in case.part(f'in/rank{rank}/') if '_region' in name)
    regions = len({region for _, _, region in views})
    montages = Montages(regions)
    montages.draw = lambda count: case[f'out/rank{rank}/permute'] if rank == 0 else torch.zeros(count).long()
    of_view = {v: [case[f'in/rank{rank}/{v}_region{r}'] for r in range(regions)] for v in ('view1', 'view2')}
    arrangement = montages.arrange(case.meta['n_images_per_rank'], torch.device('cpu'))
    pooled = case[f'in/rank{rank}/pooled'].requires_grad_()
    gather = gather_rows if summed else lambda rows: torch.cat(GatherLayer.apply(rows))
    features = by_quadrant(gather(pooled))
    meta = case.meta
    loss = supervised_contrastive_loss(F.normalize(features, dim=1), arrangement.images, meta['temperature'])
    (loss * meta['temperature'] / meta['base_temperature']).backward()
    return {
        'montage1': montages.build(of_view['view1'], arrangement).numpy(),
        'montage2': montages.build(of_view['view2'], arrangement).numpy(),
        'features': features.detach().numpy(),
        'loss': float(loss.detach()) * meta['temperature'] / meta['base_temperature'],
        'grad_pooled': pooled.grad.numpy(),
    }
