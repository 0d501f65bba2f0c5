"""Methods on two views in the layouts of S3L, facebookresearch, solo-learn and mmselfsup: there, back, not confused."""

import re

import pytest
import torch
from fixtures.two_view_files import (
    FILES,
    LEFT_OUT,
    MM,
    SMALL,
    named,
    states,
)

from sslrecipes.checkpoint.conversion.convert import convert_file, our_weights, to_official
from sslrecipes.checkpoint.conversion.families import detect_family
from sslrecipes.checkpoint.conversion.keymaps import KEYMAPS
from sslrecipes.checkpoint.conversion.wholeness import refuse_gaps
from sslrecipes.checkpoint.coverage import load_weights
from sslrecipes.checkpoint.files.reading import read_checkpoint
from sslrecipes.checkpoint.files.writing import save_torch
from sslrecipes.checkpoint.networks import read_network
from sslrecipes.errors import CheckpointError
from sslrecipes.models.methods.multi_crop_method import pooled_output
from sslrecipes.registry import MODELS


def bare(state):
    return {name.removeprefix('module.'): value for name, value in state.items()}


def same(first, second):
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


def converted(folder, state, **options):
    save_torch(folder / 'official.pth', {'state_dict': state, 'epoch': 3})
    left_out = convert_file(folder / 'official.pth', folder / 'ours.pth', to='ours', **options)
    return read_checkpoint(folder / 'ours.pth')['state_dict'], left_out


@pytest.mark.parametrize('file', FILES)
def test_files_there_and_back(tmp_path, file):
    family, build = FILES[file]
    state = build()
    ours, left_out = converted(tmp_path, state)
    assert left_out == LEFT_OUT.get(file, [])
    assert detect_family(bare(state), to_convert=True) == family
    assert detect_family(ours, to_convert=True) is None
    assert convert_file(tmp_path / 'ours.pth', tmp_path / 'back.pth', to=family) == []
    back = read_checkpoint(tmp_path / 'back.pth')['state_dict']
    kept = {name: value for name, value in state.items() if name not in left_out}
    counters = {name: torch.tensor(1) for name in left_out if name.endswith('.steps')}  # followers that have begun
    assert same(back, kept | counters)


#: What a network may lack or have in another shape though nothing else of it tells, by our names
FREE = (
    r'backbone\.conv1\.weight|head\.queue(_ptr)?|neck\.mlp\.[36]\.bias|head\.predictor\.mlp\.0\.bias|'
    r'(momentum_encoder|head)\.where\.weight'
)


@pytest.mark.parametrize('file', FILES)
def test_each_missing_or_misshaped_tensor_is_refused(file):
    """Those of the backbone in one of the files, and some in the others."""
    keymap, state = KEYMAPS[FILES[file][0]], bare(FILES[file][1]())
    ours = keymap.to_ours(state)
    refuse_gaps(ours, keymap.biases)
    for name, value in ours.items():
        if file != 's3l simclr' and re.search(r'layer[123]|layer4\.0', name):
            continue
        changes = [{}, {name: value[None]}, *({name: torch.cat([value] * 2, dim)} for dim in range(min(value.ndim, 2)))]
        for change in changes:
            changed = {key: kept for key, kept in ours.items() if key != name} | change
            assert found_gap(changed, keymap.biases) or re.fullmatch(FREE, name), (name, change)


def found_gap(state, biases):
    try:
        refuse_gaps(state, biases)
    except CheckpointError as error:
        return str(error).startswith('its network is not whole: ')
    return False


@pytest.mark.parametrize('said', [True, False])
@pytest.mark.parametrize('file', FILES)
def test_a_tensor_too_many_is_named(tmp_path, file, said):
    family, build = FILES[file]
    save_torch(tmp_path / 'a.pth', {'state_dict': build() | {'extra.weight': torch.ones(2)}})
    with pytest.raises(CheckpointError, match=rf'names are unknown to family "{family}": extra\.weight'):
        convert_file(tmp_path / 'a.pth', tmp_path / 'b.pth', to='ours', family=family if said else None)


@pytest.mark.parametrize('said', [None, 'torchvision', 's3l-classifier'])
def test_a_tensor_too_many_beside_a_plain_backbone_is_named(tmp_path, said):
    state = named(fc=('first',)) | states({}) | {'extra': torch.ones(2)}
    save_torch(tmp_path / 'a.pth', {'state_dict': state})
    with pytest.raises(CheckpointError, match=r'no known family .* Family "\w+" has all of them but extra\.'):
        convert_file(tmp_path / 'a.pth', tmp_path / 'b.pth', to='ours', family=said)


def test_a_family_that_only_the_user_can_tell_lacks_a_name_that_is_told(tmp_path):
    save_torch(tmp_path / 'a.pth', {'state_dict': FILES['s3l simclr'][1]() | {'extra': torch.ones(2)}})
    with pytest.raises(CheckpointError, match=r'of family "moco", not "s3l-simclr", which has no extra\.'):
        convert_file(tmp_path / 'a.pth', tmp_path / 'b.pth', to='ours', family='s3l-simclr')


@pytest.mark.parametrize('file', FILES)
def test_no_other_family_takes_them(tmp_path, file):
    """But those of which nothing could tell them, and then the names mean the same."""
    family, build = FILES[file]
    state = bare(build())
    ours = KEYMAPS[family].to_ours(state)
    for other in {*KEYMAPS} - {family}:
        assert not KEYMAPS[other].knows(state) or same(KEYMAPS[other].to_ours(state), ours), other


@pytest.mark.parametrize('file', FILES)
def test_backbones_are_read_from_every_file(tmp_path, file):
    state = FILES[file][1]()
    save_torch(tmp_path / 'official.pth', {'state_dict': state})
    ours, _ = converted(tmp_path, state)
    for part, prefixes in {
        'student': ('backbone.',),
        'teacher': ('teacher.backbone.', 'momentum_encoder.backbone.'),
    }.items():
        wanted = {name.partition('backbone.')[2]: value for name, value in ours.items() if name.startswith(prefixes)}
        if wanted:
            assert same(read_network(tmp_path / 'official.pth', part).weights, wanted)


def test_s3ls_byol_in_memory_has_all_three_networks():
    """Its files hold the online encoder only; the names of the model in memory lead to the same places."""
    names = [f'{part}.net.0.{leaf}' for part in ('projector', 'predictor') for leaf in ('weight', 'bias')]
    official = [f'online_encoder.{name}' for name in names[:2]] + [f'online_{name}' for name in names[2:]]
    official += [f'target_encoder.{name}' for name in names[:2]]
    ours = KEYMAPS['s3l-byol'].to_ours(dict.fromkeys(official))
    wanted = [
        f'{part}.mlp.0.{leaf}' for part in ('neck', 'head.predictor', 'teacher.neck') for leaf in ('weight', 'bias')
    ]
    assert [*ours] == wanted


@pytest.mark.parametrize('family', [
    *('s3l-byol', 's3l-simclr', 's3l-simsiam', 'simsiam', 'moco', 'mmselfsup'),
    *('moco-v3', 'w2ssl', 'densecl', 'barlow-twins'),
])  # fmt: skip
def test_a_joint_probe_has_no_place_in_files_without_one(family):
    ours = {'backbone.conv1.weight': 0, 'probe.weight': 1, 'probe.bias': 2}
    assert KEYMAPS[family].only_ours(ours) == ['probe.weight', 'probe.bias']
    assert {*KEYMAPS[family].to_official(ours).values()} == {0}


@pytest.mark.parametrize('family', ['solo-learn', 'solo-learn-moco'])
def test_solo_learns_classifier_on_the_follower_has_no_counterpart(family):
    official = {'backbone.conv1.weight': 0, 'momentum_classifier.weight': 1}
    assert KEYMAPS[family].without_counterpart(official) == ['momentum_classifier.weight']
    assert KEYMAPS[family].to_ours(official) == {'backbone.conv1.weight': 0}


@pytest.mark.parametrize('twice', ['online_net', 'encoder'])
def test_what_the_first_releases_of_mmselfsup_hold_twice_is_told(twice):
    assert KEYMAPS['mmselfsup'].without_counterpart([f'{twice}.0.conv1.weight', 'backbone.conv1.weight']) == [
        f'{twice}.0.conv1.weight'
    ]


def test_first_releases_of_solo_learn_call_backbones_encoders():
    new = FILES['solo-learn byol'][1]()
    old = {name.replace('backbone.', 'encoder.'): value for name, value in new.items()}
    assert same(our_weights(old, 'it'), our_weights(new, 'it'))


@pytest.mark.parametrize(
    ('file', 'follower', 'twice'), [('byol', 'target_net', 'online_net'), ('moco', 'encoder_k', 'encoder_q')]
)
def test_first_releases_of_mmselfsup_hold_the_trained_network_twice(tmp_path, file, follower, twice):
    new = FILES[f'mmselfsup {file}'][1]()
    old = {name.replace('.module', ''): value for name, value in new.items() if not name.endswith('.steps')}
    again = {name.replace(follower, twice): value for name, value in old.items() if name.startswith(follower)}
    ours, left_out = converted(tmp_path, old | again)
    assert left_out == [*again]
    assert same(ours, converted(tmp_path, new)[0])


def test_mmselfsups_last_layers_get_the_bias_that_ours_have():
    state = FILES['mmselfsup byol'][1]()
    ours = KEYMAPS['mmselfsup'].to_ours(state)
    assert {name for name in ours if name.endswith('mlp.3.bias')} == {
        f'{mlp}.mlp.3.bias' for mlp in ('neck', 'teacher.neck', 'head.predictor')
    }
    assert not ours['neck.mlp.3.bias'].any()
    ours['neck.mlp.3.bias'] += 1
    assert set(to_official(ours, 'mmselfsup')) == {*state, 'neck.fc1.bias'}


def test_mmselfsups_files_are_loaded_as_they_are():
    """By the methods of mmpretrain, which have these names."""
    for file in ('byol', 'moco', 'simsiam', 'simclr'):
        state = FILES[f'mmselfsup {file}'][1]()
        assert same(our_weights({'state_dict': state}, 'it'), state)


@pytest.mark.parametrize(
    ('file', 'to', 'unknown'),
    [
        ('moco v2', 's3l-simclr', 'momentum_encoder.backbone'),
        ('moco v2', 'mmselfsup', 'neck.mlp.2.weight'),
        ('moco v2', 'solo-learn', 'momentum_encoder.backbone'),
        ('s3l simclr', 'mmselfsup', 'neck.mlp.2.weight'),
        ('mmselfsup byol', 's3l-simsiam', 'teacher.backbone'),
        ('mmselfsup byol', 's3l-simclr', 'head.predictor'),
        ('simsiam', 'moco', 'head.predictor'),
        ('s3l byol', 's3l-classifier', 'neck.mlp.0.weight'),
    ],
)
def test_networks_that_a_family_does_not_have(tmp_path, file, to, unknown):
    converted(tmp_path, FILES[file][1]())
    with pytest.raises(CheckpointError, match=rf'ours.pth": .* unknown to family "{to}": .*{unknown}'):
        convert_file(tmp_path / 'ours.pth', tmp_path / 'x.pth', to=to)


def test_only_the_online_encoder_of_byol_is_in_s3ls_files(tmp_path):
    ours, _ = converted(tmp_path, FILES['mmselfsup byol'][1]())
    left_out = convert_file(tmp_path / 'ours.pth', tmp_path / 's3l.pth', to='s3l-byol')
    assert left_out == [name for name in ours if name.startswith(('teacher.', 'head.'))]
    assert set(read_checkpoint(tmp_path / 's3l.pth')['state_dict']) == set(FILES['s3l byol'][1]())


@pytest.mark.parametrize('to', ['torchvision', 'detectron2'])
def test_backbones_alone_go_to_other_programs(tmp_path, to):
    ours, _ = converted(tmp_path, FILES['mmselfsup byol'][1]())
    left_out = convert_file(tmp_path / 'ours.pth', tmp_path / 'out.pth', to=to)
    assert left_out == [name for name in ours if not name.startswith('backbone.')]


#: Sizes of our necks that mmselfsup's files fit
NORMED_NECK = dict(type='MLPNeck', in_channels=64, hidden_channels=4, out_channels=4, with_bn=True)
OURS = {
    'simclr': dict(
        type='SimCLR', neck=dict(NORMED_NECK, bias=False, last_norm='affine'), head=dict(type='SimCLRHead'),
    ),
    'simsiam': dict(
        type='SimSiam',
        neck=dict(NORMED_NECK, num_layers=3, bias=False, last_norm='plain', train_last_bias=False),
        head=dict(type='PredictionHead', predictor=dict(NORMED_NECK, in_channels=4, bias=False), distance='cosine'),
    ),
    'byol': dict(
        type='BYOL',
        neck=NORMED_NECK,
        head=dict(type='PredictionHead', predictor=dict(NORMED_NECK, in_channels=4), distance='squared'),
    ),
    'moco': dict(
        type='MoCo',
        neck=dict(NORMED_NECK, with_bn=False),
        head=dict(type='MoCoHead', loss_weights=(1.0,), feat_channels=4, queue_length=8),
    ),
}  # fmt: skip


@pytest.mark.parametrize('file', OURS)
def test_our_methods_are_filled_and_compute_what_mmpretrains_do(file):
    theirs = MM[file]().eval()
    family, _ = FILES[f'mmselfsup {file}']
    ours = MODELS.build(dict(backbone=dict(type='ResNet', **SMALL), **OURS[file]))
    report = load_weights(ours, KEYMAPS[family].to_ours(theirs.state_dict()), source='it')
    assert report.complete
    assert not report.unexpected
    ours.train(False)
    followers = {'byol': ('target_net', 'teacher'), 'moco': ('encoder_k', 'momentum_encoder')}.get(file)
    networks = [(torch.nn.Sequential(theirs.backbone, theirs.neck), ours)]
    if followers:
        networks.append((getattr(theirs, followers[0]).module, getattr(ours, followers[1])))
    images = torch.rand(2, 3, 32, 32)
    with torch.no_grad():
        for network, our in networks:
            expected = network(images)[0]
            assert expected.isfinite().all()
            assert expected.any()
            found = our.get_submodule('neck')(pooled_output(our.get_submodule('backbone'), images))
            torch.testing.assert_close(found, expected)
        if hasattr(theirs.head, 'predictor'):
            torch.testing.assert_close(ours.head.predictor(expected), theirs.head.predictor([expected])[0])


def test_our_simsiam_is_filled_by_facebookresearchs():
    ours = MODELS.build(dict(backbone=dict(type='ResNet', **SMALL), **OURS['simsiam']))
    state = KEYMAPS['simsiam'].to_ours(bare(FILES['simsiam'][1]()))
    assert set(state) == set(ours.state_dict())
    assert set(KEYMAPS['solo-learn'].to_ours(FILES['solo-learn simsiam'][1]())) == set(state)


def test_our_moco_v3_is_filled_by_facebookresearchs():
    neck = dict(NORMED_NECK, bias=False, last_bias=False, last_norm='plain')
    head = dict(type='MoCoV3Head', predictor=dict(neck, in_channels=4))
    ours = MODELS.build(dict(type='MoCoV3', backbone=dict(type='ResNet', **SMALL), neck=neck, head=head))
    assert set(KEYMAPS['moco-v3'].to_ours(bare(FILES['moco v3'][1]()))) == set(ours.state_dict())


def test_our_w2ssl_is_filled_by_the_official_one():
    neck = dict(NORMED_NECK, bias=False, last_bias=False)
    head = dict(type='W2SSLHead', in_channels=64, predictor=dict(neck, in_channels=4))
    backbone = dict(type='ResNet', **SMALL)
    ours = MODELS.build(dict(type='W2SSL', backbone=backbone, neck=dict(neck, last_norm='plain'), head=head))
    names = {f'{name}{leaf}' for name in ('head.where.', 'momentum_encoder.where.') for leaf in ('weight', 'bias')}
    state = KEYMAPS['w2ssl'].to_ours(bare(FILES['w2ssl'][1]()))
    assert {*state} | names == {*ours.state_dict()}


@pytest.mark.parametrize(('file', 'method'), [('s3l byol', 'byol'), ('solo-learn byol', 'byol'), ('moco v2', 'moco')])
def test_other_files_hold_our_names(file, method):
    """All of them, but for the networks that S3L's files of BYOL lack."""
    ours = MODELS.build(dict(backbone=dict(type='ResNet', **SMALL), **OURS[method])).state_dict()
    state = KEYMAPS[FILES[file][0]].to_ours(bare(FILES[file][1]()))
    assert {name for name in ours if file != 's3l byol' or name.startswith(('backbone.', 'neck.'))} == set(state)
