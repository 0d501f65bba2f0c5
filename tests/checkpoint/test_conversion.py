import pytest
import torch

from sslrecipes.checkpoint.conversion import convert_file, detect_family, read_weights, to_ours, unwrap
from sslrecipes.checkpoint.reading import read_checkpoint
from sslrecipes.checkpoint.writing import save_torch
from sslrecipes.errors import CheckpointError


def equal(first, second):
    return list(first) == list(second) and all(torch.equal(first[name], second[name]) for name in first)


def test_unwrapping_follows_the_official_order(golden):
    cases = golden('tec/ckpt_formats')[0]['cases']
    assert cases
    for name, case in cases.items():
        checkpoint = {
            entry: {key: torch.zeros(1) for key in held} if isinstance(held, list) else torch.zeros(1)
            for entry, held in case['input'].items()
        }
        state, entry = unwrap(checkpoint)
        assert list(state) == case['output_keys'], name
        assert entry == {'model_beats_student': 'model'}.get(name, name)


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


def test_absent_entry_is_named():
    with pytest.raises(CheckpointError, match='no weights "teacher"; it has state_dict'):
        unwrap({'state_dict': {}, 'epoch': 1}, 'teacher')
    with pytest.raises(CheckpointError, match='no weights "model"'):
        unwrap({'model': 'vit_base', 'student': {}})


@pytest.mark.parametrize(
    ('case', 'part', 'family'),
    [
        ('mae/official_pretrain', 'state/', 'mae'),
        ('mae/official_finetune_gap', 'state/', 'mae'),
        ('tec/pretrain', 'state/student/', 'tec'),
        ('tec/pretrain_no_mlp', 'state/student/', 'tec'),
        ('tec/finetune_forward', 'state/', 'tec'),
    ],
)
def test_family_is_detected(official, case, part, family):
    state = official(case, part)
    assert detect_family(state) == family
    assert detect_family(to_ours(state, family)) is None


def test_family_of_bare_bodies_is_detected(official):
    state = {name: value.clone() for name, value in official('mae/official_finetune_cls').items() if 'head' not in name}
    state['pos_embed'][:, 0] = 0
    assert detect_family(state) == 'mae'
    state['pos_embed'][:, 0] = 1
    assert detect_family(state) == 'ibot'
    assert detect_family({name: value for name, value in state.items() if 'norm.' not in name}) == 'tec'


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
        state.setdefault('norm.weight', torch.ones_like(state['blocks.0.norm1.weight']))
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


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        ({'to': 'ours', 'family': 'tec'}, 'holds weights of family "mae", not "tec"'),
        ({'to': 'ours', 'family': 'ours'}, 'holds weights of family "mae", not "ours"'),
        ({'to': 'tec'}, 'one side of a conversion must be "ours"'),
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


def test_strange_names(tmp_path):
    save_torch(tmp_path / 'a.pth', {'conv1.weight': torch.ones(1)})
    with pytest.raises(CheckpointError, match=r'no known family .*conv1.weight'):
        convert_file(tmp_path / 'a.pth', tmp_path / 'out.pth', to='ours')
