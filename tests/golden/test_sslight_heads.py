"""The projection heads of SSLight, of any depth, against the official classes."""

import pytest
import torch

from sslrecipes.checkpoint.conversion.keymaps import KEYMAPS
from sslrecipes.registry import MODELS

HYPER = {'kind', 'in_dim', 'out_dim', 'hidden', 'bottleneck', 'bn', 'nlayers', 'norm_last_layer'}
#: Our configs of the activations that the official classes know by a word; a case without the word has their default.
ACTIVATIONS = {'gelu': dict(type='GELU'), 'relu': dict(type='ReLU')}
TRAINED = {'dino': 'student', 'swav': 'network', 'moco': 'encoder_q'}
#: What our classes call the sizes that only one of the official ones has, or that they call alike.
SIZES = {
    'dino': lambda hyper: dict(
        type='DINONeck',
        bottleneck_channels=hyper['bottleneck'],
        out_channels=hyper['out_dim'],
        norm_last_layer=hyper['norm_last_layer'],
    ),
    'swav': lambda hyper: dict(type='SwAVNeck', out_channels=hyper['bottleneck'], num_prototypes=hyper['out_dim']),
    'moco': lambda hyper: dict(type='MoCoNeck', out_channels=hyper['out_dim']),
}


def build(hyper):
    assert set(hyper) - {'act'} == HYPER, 'the test does not know these hyper-parameters'
    shared = dict(
        in_channels=hyper['in_dim'], hidden_channels=hyper['hidden'], num_layers=hyper['nlayers'], with_bn=hyper['bn']
    )
    if 'act' in hyper:
        shared['act_cfg'] = ACTIVATIONS[hyper['act']]
    return MODELS.build(shared | SIZES[hyper['kind']](hyper))


def of_neck(case, tensors):
    """Tensors under the names of our neck."""
    kind = case.hyper['kind']
    official = {f'{TRAINED[kind]}.head.{name}': value for name, value in tensors.items()}
    renamed = KEYMAPS[f'sslight-{kind}'].to_ours(official)
    return {name.removeprefix('neck.'): value for name, value in renamed.items()}


@pytest.mark.golden('sslight/dino_head_bn', 'sslight/dino_head_nobn', 'sslight/swav_head', 'sslight/moco_head')
def test_neck(case):
    tolerance = dict(rtol=1e-3, atol=1e-5)
    neck = build(case.hyper)
    neck.load_state_dict(of_neck(case, case.part('state/')))
    trained = {name: parameter.requires_grad for name, parameter in neck.named_parameters()}
    assert trained == of_neck(case, case.meta['requires_grad'])
    shown = {}
    neck.observer = shown.__setitem__

    def outputs_and_embedding():
        outputs = neck(case['in/x'].requires_grad_())
        embedding, scores = outputs if isinstance(outputs, tuple) else (shown.get('embedding'), outputs)
        return scores, embedding

    outputs, embedding = outputs_and_embedding()
    torch.testing.assert_close(outputs, case['out/y_train'], **tolerance)
    if 'out/embedding' in case.tensors:
        torch.testing.assert_close(embedding, case['out/embedding'], **tolerance)
    outputs.backward(case['in/grad_output'])
    torch.testing.assert_close(case['in/x'].grad, case['out/grad_x'], **tolerance)
    gradients = {name: parameter.grad for name, parameter in neck.named_parameters() if parameter.grad is not None}
    torch.testing.assert_close(gradients, of_neck(case, case.part('out/grad/')), **tolerance)
    for name, value in of_neck(case, case.part('out/buffer_after/')).items():
        torch.testing.assert_close(neck.get_buffer(name).float(), value, **tolerance)
    neck.eval()
    outputs, embedding = outputs_and_embedding()
    torch.testing.assert_close(outputs, case['out/y_eval_after'], **tolerance)
    if 'out/bottleneck_eval_after' in case.tensors:
        torch.testing.assert_close(embedding, case['out/bottleneck_eval_after'], **tolerance)
