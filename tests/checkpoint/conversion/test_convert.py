import pytest
import torch

from sslrecipes.checkpoint.conversion.convert import convert_file, read_weights, to_ours
from sslrecipes.checkpoint.conversion.layouts import unwrap
from sslrecipes.checkpoint.files.reading import read_checkpoint
from sslrecipes.checkpoint.files.writing import save_torch
from sslrecipes.errors import CheckpointError, ConfigError


def equal(first, second):
    return list(first) == list(second) and all(torch.equal(first[name], second[name]) for name in first)


def body(official):
    return official('tec/base_model')


def ibot_checkpoint(state):
    """A full iBOT training checkpoint: student in DDP, teacher bare, both with heads; all student weights negated."""
    head = {
        'mlp.0.weight': 0,
        'mlp.2.bias': 0,
        'last_layer.weight_g': 0,
        'last_layer2.weight_v': 0,
        'last_norm.bias': 0,
    }
    head = {f'head.{name}': torch.zeros(2) for name in head}
    backbone = {f'backbone.{name}': value for name, value in {**state, 'masked_embed': torch.zeros(1, 2)}.items()}
    student = {f'module.{name}': -value for name, value in (backbone | head).items()}
    return {'student': student, 'teacher': backbone | head, 'epoch': 3}


@pytest.mark.parametrize(('weights', 'sign'), [(None, -1), ('student', -1), ('teacher', 1)])
def test_student_and_teacher_of_ibot(tmp_path, official, weights, sign):
    state = body(official)
    save_torch(tmp_path / 'ibot.pth', ibot_checkpoint(state))
    read = read_weights(tmp_path / 'ibot.pth', weights)
    assert equal(read, {name: sign * value for name, value in to_ours(state, 'ibot').items()})


def test_ours_and_mmpretrains_files_pass_unchanged(tmp_path, vit):
    state = {f'module.backbone.{name}': value for name, value in vit().state_dict().items()}
    save_torch(tmp_path / 'a.pth', {'state_dict': state, 'meta': {}})
    assert list(read_weights(tmp_path / 'a.pth')) == [name.removeprefix('module.') for name in state]


def test_file_without_weights(tmp_path):
    save_torch(tmp_path / 'a.pth', {'epoch': 3})
    with pytest.raises(CheckpointError, match=r'a.pth": it holds no weights'):
        read_weights(tmp_path / 'a.pth')


FILES = {
    'mae/official_pretrain': ('mae', 'state/', lambda state: {'model': state, 'epoch': 1}),
    'tec/pretrain': ('tec', 'state/student/', lambda state: {'model': state, 'epoch': 1}),
    'tec/finetune_forward': ('tec', 'state/', lambda state: {'model': state}),
    'tec/base_model': ('ibot', 'state/', lambda state: {'state_dict': state}),
}


@pytest.mark.parametrize('suffix', ['pth', 'safetensors'])
@pytest.mark.parametrize('case', FILES)
def test_file_there_and_back_is_bit_equal(tmp_path, official, case, suffix):
    family, part, wrapped = FILES[case]
    state = official(case, part)
    if family == 'ibot':  # a learned position embedding
        state['pos_embed'] = state['pos_embed'] + 1
        for leaf in ('weight', 'bias'):
            state.setdefault(f'norm.{leaf}', torch.ones_like(state['blocks.0.norm1.weight']))
    save_torch(tmp_path / 'official.pth', wrapped(state))
    ours, back = tmp_path / f'ours.{suffix}', tmp_path / 'back.pth'
    assert convert_file(tmp_path / 'official.pth', ours, to='ours', family=family) == []
    assert equal(dict(sorted(read_weights(ours).items())), dict(sorted(to_ours(state, family).items())))
    convert_file(ours, back, to=family)
    held = read_checkpoint(back)
    assert list(held) == ['state_dict' if family == 'ibot' else 'model']
    assert equal(dict(sorted(unwrap(held)[0].items())), dict(sorted(state.items())))


def test_released_tec_file_stays_bare(tmp_path, golden, official):
    keys = golden('tec/weight_convert')[0]['output_keys']
    state = {name: official('tec/weight_convert')[name] for name in keys}
    save_torch(tmp_path / 'released.pth', state)
    convert_file(tmp_path / 'released.pth', tmp_path / 'ours.pth', to='ours', family='tec')
    convert_file(tmp_path / 'ours.pth', tmp_path / 'back.pth', to='tec')
    assert equal(read_checkpoint(tmp_path / 'back.pth'), state)


def test_left_out_names_are_returned(tmp_path, official):
    save_torch(tmp_path / 'ibot.pth', ibot_checkpoint(body(official)))
    left_out = convert_file(tmp_path / 'ibot.pth', tmp_path / 'ours.pth', to='ours', weights='teacher')
    assert left_out[0] == 'masked_embed'
    assert len(left_out) == 6


def test_what_official_files_lack_is_returned(tmp_path, full_checkpoint):
    ours = to_ours(unwrap(full_checkpoint('sslight-swav'))[0], 'sslight-swav')
    save_torch(tmp_path / 'ours.pth', {'state_dict': ours | {'head.queue': torch.ones(1)}})
    assert convert_file(tmp_path / 'ours.pth', tmp_path / 'a.pth', to='sslight-swav') == ['head.queue']


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        ({'to': 'ours', 'family': 'tec'}, 'holds weights of family "mae", not "tec"'),
        ({'to': 'ours', 'family': 'ours'}, 'holds weights of family "mae", not "ours"'),
        ({'to': 'tec'}, 'one side of a conversion must be "ours".* leave out --to'),
    ],
)
def test_wrong_family(tmp_path, official, options, message):
    save_torch(tmp_path / 'mae.pth', {'model': official('mae/official_pretrain')})
    with pytest.raises(CheckpointError, match=rf'mae.pth": it .*{message}'):
        convert_file(tmp_path / 'mae.pth', tmp_path / 'out.pth', **options)
    assert not (tmp_path / 'out.pth').exists()


def test_our_file_of_another_method(tmp_path, official):
    save_torch(tmp_path / 'tec.pth', {'state_dict': to_ours(official('tec/pretrain', 'state/student/'), 'tec')})
    with pytest.raises(CheckpointError, match=r'tec.pth": .* unknown to family "mae": .*cls_token_mlp'):
        convert_file(tmp_path / 'tec.pth', tmp_path / 'out.pth', to='mae')
    with pytest.raises(CheckpointError, match=r'family "ours"; .* with --to FAMILY \(.*tec'):
        convert_file(tmp_path / 'tec.pth', tmp_path / 'out.pth', to='ours')


def test_strange_names(tmp_path):
    save_torch(tmp_path / 'a.pth', {'conv1.weight': torch.ones(1)})
    with pytest.raises(CheckpointError, match=r'no known family .*conv1.weight'):
        convert_file(tmp_path / 'a.pth', tmp_path / 'out.pth', to='ours')


def test_families_that_an_unmarked_file_could_be_of_are_named(tmp_path):
    save_torch(
        tmp_path / 'a.pth', {'state_dict': {'module.conv1.weight': torch.ones(1), 'module.fc.bias': torch.ones(1)}}
    )
    with pytest.raises(CheckpointError, match=r'no known family .* say --from s3l-classifier or --from torchvision\.'):
        convert_file(tmp_path / 'a.pth', tmp_path / 'out.pth', to='ours')


def test_bare_file_of_dino_must_be_called_so(tmp_path, official):
    state = official('sslight/vit_crops')
    save_torch(tmp_path / 'vit.pth', state)
    convert_file(tmp_path / 'vit.pth', tmp_path / 'ours.pth', to='ours', family='dino')
    assert equal(read_weights(tmp_path / 'ours.pth'), to_ours(state, 'ibot'))
    names = ('conv1.weight', *(f'bn1.{leaf}' for leaf in ('weight', 'bias', 'running_mean', 'running_var')))
    save_torch(tmp_path / 'resnet.pth', {name: torch.ones(1, 1) for name in names})
    convert_file(tmp_path / 'resnet.pth', tmp_path / 'ours.pth', to='ours', family='dino')
    assert list(read_weights(tmp_path / 'ours.pth')) == [f'backbone.{name}' for name in names]


def test_said_family_must_have_all_names(tmp_path):
    save_torch(tmp_path / 'a.pth', {'conv1.weight': torch.ones(1), 'fc.weight': torch.ones(1)})
    with pytest.raises(CheckpointError, match=r'no known family .*conv1.weight, fc.weight'):
        convert_file(tmp_path / 'a.pth', tmp_path / 'out.pth', to='ours', family='dino')


@pytest.mark.parametrize('suffix', ['pth', 'safetensors'])
@pytest.mark.parametrize('family', ['dino', 'sslight-dino', 'sslight-swav', 'sslight-moco'])
def test_full_checkpoints_there_and_back(tmp_path, full_checkpoint, family, suffix):
    official, first = full_checkpoint(family), tmp_path / 'official.pth'
    save_torch(first, {**official, 'epoch': 3, 'optimizer': {'state': {}}})
    ours, back = tmp_path / f'ours.{suffix}', tmp_path / f'back.{suffix}'
    assert convert_file(first, ours, to='ours') == []
    assert all(name.startswith(OUR_PARTS) for name in read_weights(ours))
    convert_file(ours, back, to=family)
    assert equal(in_order(read_weights(back)), in_order(read_weights(first)))
    if suffix == 'pth':
        held = read_checkpoint(back)
        assert held.keys() == official.keys()
        assert all(equal(in_order(held[entry]), in_order(official[entry])) for entry in held)


OUR_PARTS = ('backbone.', 'neck.', 'head.', 'probe.', 'teacher.', 'momentum_encoder.')


def in_order(state):
    return dict(sorted(state.items()))


def test_a_suffix_of_another_format_is_refused(tmp_path):
    with pytest.raises(
        ConfigError, match=r'"\*\.onnx" would be of another format: give OUT one of \.safetensors, \.pth'
    ):
        convert_file(tmp_path / 'a.pth', tmp_path / 'plain.onnx', to='ours')
