"""Every family's table against complete official state dicts and against the networks that take them."""

import pytest
import torch
from mmpretrain.models.necks.mae_neck import MAEPretrainDecoder

from sslrecipes.checkpoint.conversion.convert import to_official, to_ours
from sslrecipes.checkpoint.coverage import load_weights

STATES = [
    ('mae', 'mae/official_pretrain', 'state/'),
    ('mae', 'mae/official_finetune_gap', 'state/'),
    ('mae', 'mae/official_finetune_cls', 'state/'),
    ('tec', 'tec/pretrain', 'state/student/'),
    ('tec', 'tec/pretrain_no_att', 'state/student/'),
    ('tec', 'tec/pretrain_no_mlp', 'state/student/'),
    ('tec', 'tec/weight_convert', 'state/'),
    ('tec', 'tec/finetune_forward', 'state/'),
    ('ibot', 'tec/base_model', 'state/'),
]


@pytest.mark.parametrize(('family', 'case', 'part'), STATES, ids=[state[1] for state in STATES])
def test_round_trip_is_bit_equal(official, family, case, part):
    state = official(case, part)
    ours = to_ours(state, family)
    back = to_official(ours, family)
    assert list(back) == list(state)
    assert all(torch.equal(back[name], state[name]) for name in state)
    assert all(name.startswith(('backbone.', 'neck.', 'head.')) for name in ours)


def test_mae_fills_mmpretrains_networks(golden, official, vit):
    case, hyper = 'mae/official_pretrain', golden('mae/official_pretrain')[0]['hyper']
    state = to_ours(official(case), 'mae')
    assert load_weights(vit('MAEViT', **hyper), state, source=case, prefix='backbone.').complete
    decoder = MAEPretrainDecoder(
        num_patches=(hyper['img_size'] // hyper['patch_size']) ** 2,
        patch_size=hyper['patch_size'],
        embed_dim=hyper['embed_dim'],
        decoder_embed_dim=hyper['decoder_embed_dim'],
        decoder_depth=hyper['decoder_depth'],
        decoder_num_heads=hyper['decoder_num_heads'],
    )
    report = load_weights(decoder, state, source=case, prefix='neck.')
    assert report.complete
    assert all(name.startswith('backbone.') for name in report.unexpected)


@pytest.mark.parametrize(
    ('case', 'options'),
    [
        ('mae/official_finetune_gap', {'out_type': 'avg_featmap', 'final_norm': False}),
        ('mae/official_finetune_cls', {'out_type': 'cls_token'}),
    ],
)
def test_mae_classifier_computes_the_official_features(golden, official, vit, case, options):
    meta, tensors = golden(case)
    net = vit(**meta['hyper'], options=options)
    state = to_ours(official(case), 'mae')
    assert load_weights(net, state, source=case, prefix='backbone.').complete
    net.eval()
    with torch.no_grad():
        features = net(tensors['in/imgs'])[-1]
    torch.testing.assert_close(features, tensors['out/features'], rtol=1e-4, atol=1e-5)
    logits = features @ state['head.fc.weight'].T + state['head.fc.bias']
    torch.testing.assert_close(logits, tensors['out/logits'], rtol=1e-4, atol=1e-5)
