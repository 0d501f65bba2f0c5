import pytest
import torch

from sslrecipes.checkpoint.conversion.convert import to_ours
from sslrecipes.checkpoint.files.reading import read_checkpoint
from sslrecipes.checkpoint.files.sealing import sha256
from sslrecipes.checkpoint.files.writing import save_torch
from sslrecipes.errors import CheckpointError, ConfigError
from sslrecipes.export.backbone import export_backbone

CONFIG = (
    "optim = dict(type='AdamW')\nmodel = dict(backbone=dict(type='TECViT'), head=dict(type='TECHead'), type='TEC')\n"
)


@pytest.fixture
def tec(tmp_path, official):
    """A TEC training checkpoint of ours."""
    state = to_ours(official('tec/weight_convert'), 'tec')
    save_torch(tmp_path / 'epoch_3.pth', {'state_dict': state, 'meta': {'cfg': CONFIG, 'epoch': 3, 'iter': 12}})
    return tmp_path / 'epoch_3.pth'


def test_safetensors_holds_the_bare_baked_backbone(tmp_path, tec, golden):
    report = export_backbone(tec, tmp_path / 'a.safetensors')
    held = read_checkpoint(tmp_path / 'a.safetensors')
    state, original = held['state_dict'], read_checkpoint(tec)['state_dict']
    wanted = {name.removeprefix('backbone.') for name in original if name.startswith('backbone.')}
    assert set(state) == {name for name in wanted if not name.startswith('cls_token_mlp')}
    unchanged = set(state) - {'cls_token'}
    assert all(torch.equal(state[name], original[f'backbone.{name}']) for name in unchanged)
    converted = golden('tec/weight_convert')[1]['out/converted/cls_token']
    torch.testing.assert_close(state['cls_token'], converted, rtol=1e-4, atol=1e-5)
    assert report.weights == len(state)
    assert report.parameters == sum(value.numel() for value in state.values())
    facts = {'method': 'TEC', 'epoch': '3', 'iter': '12', 'source': 'epoch_3.pth', 'source_sha256': sha256(tec)}
    facts |= {'cls_token': 'baked', 'prefix': 'backbone.', 'backbone': '{"type": "TECViT"}'}
    assert report.metadata == facts
    assert held['meta'] == {'format': 'pt', **facts}
    assert 'source_sha256' in report.summary()


def test_official_format_is_what_weight_convert_writes(tmp_path, tec, golden):
    case, tensors = golden('tec/weight_convert')
    export_backbone(tec, tmp_path / 'a.pth', file_format='official')
    state = read_checkpoint(tmp_path / 'a.pth')
    assert sorted(state) == sorted(case['output_keys'])
    for name, value in tensors.items():
        if name.startswith('out/converted/'):
            torch.testing.assert_close(state[name.removeprefix('out/converted/')], value, rtol=1e-4, atol=1e-5)


def test_official_format_of_mae_keeps_the_norm(tmp_path, official):
    state = official('mae/official_pretrain')
    save_torch(tmp_path / 'mae.pth', {'state_dict': to_ours(state, 'mae')})
    export_backbone(tmp_path / 'mae.pth', tmp_path / 'a.pth', file_format='official')
    written = read_checkpoint(tmp_path / 'a.pth')['model']
    assert 'norm.weight' in written
    assert all(torch.equal(value, state[name]) for name, value in written.items())
    assert not any(name.startswith(('decoder', 'mask_token')) for name in written)


def test_norm_can_be_left_out(tmp_path, tec):
    export_backbone(tec, tmp_path / 'a.pth', final_norm=False)
    held = read_checkpoint(tmp_path / 'a.pth')
    assert set(held) == {'state_dict', 'meta'}
    assert not any(name.startswith('ln1.') for name in held['state_dict'])
    assert 'layers.0.ln1.weight' in held['state_dict']


def test_official_file_is_exported_too(tmp_path, official):
    save_torch(tmp_path / 'mae.pth', {'model': official('mae/official_pretrain')})
    export_backbone(tmp_path / 'mae.pth', tmp_path / 'a.safetensors')
    assert 'layers.0.ln1.weight' in read_checkpoint(tmp_path / 'a.safetensors')['state_dict']


def test_other_sub_network(tmp_path):
    save_torch(tmp_path / 'a.pth', {'state_dict': {'teacher.net.w': torch.ones(2), 'student.net.w': torch.zeros(2)}})
    export_backbone(tmp_path / 'a.pth', tmp_path / 'b.pth', prefix='teacher.net.')
    held = read_checkpoint(tmp_path / 'b.pth')
    assert held['state_dict'].keys() == {'w'}
    assert 'method' not in held['meta']
    with pytest.raises(
        CheckpointError, match=r'a.pth": there are no weights under "backbone."; it has student., teacher.'
    ):
        export_backbone(tmp_path / 'a.pth', tmp_path / 'c.pth')
    assert not (tmp_path / 'c.pth').exists()


@pytest.mark.parametrize('name', ['a', 'a.pkl', 'a.bin', 'a.onnx.tmp'])
def test_a_suffix_that_names_no_format_is_refused(tmp_path, tec, name):
    sentence = rf'^The suffix of ".*{name}" names no format: give OUT one of .safetensors, .pth, .*or state'
    with pytest.raises(ConfigError, match=sentence):
        export_backbone(tec, tmp_path / name)


@pytest.mark.parametrize(
    ('name', 'file_format'),
    [('a.onnx', 'pth'), ('a.safetensors', 'official'), ('a.pth', 'safetensors'), ('a.pkl', 'pth')],
)
def test_a_suffix_of_another_format_is_refused(tmp_path, tec, name, file_format):
    with pytest.raises(ConfigError, match='would be of another format: give OUT one of'):
        export_backbone(tec, tmp_path / name, file_format=file_format)


@pytest.mark.parametrize('file_format', ['pth', 'official', 'safetensors'])
def test_heads_that_can_not_be_meant_are_refused(tmp_path, file_format):
    weights = {'patch_embed.projection.weight': torch.ones(8, 3, 2, 2)}
    meta = {'cfg': "model = dict(type='MAE', backbone=dict(arch=dict(num_heads=4)))"}
    save_torch(tmp_path / 'silent.pth', {'state_dict': weights})
    save_torch(tmp_path / 'told.pth', {'state_dict': weights, 'meta': meta})
    out = tmp_path / 'out'
    cases = [('silent', 0, 'at least 1, not 0'), ('silent', -2, 'not -2'), ('silent', 3, '8 wide can not have 3 heads')]
    cases += [('told', heads, f'trained with 4 heads, not {heads}') for heads in (2, 7)]
    for name, heads, sentence in cases:
        with pytest.raises(ConfigError, match=sentence):
            export_backbone(tmp_path / f'{name}.pth', out, file_format=file_format, heads=heads)
    assert not out.exists()
    for name in ('silent', 'told'):
        assert '4' in export_backbone(tmp_path / f'{name}.pth', out, file_format=file_format, heads=4).metadata['heads']


def test_unknown_format(tmp_path, tec):
    with pytest.raises(ConfigError, match='Did you mean "safetensors"'):
        export_backbone(tec, tmp_path / 'a', file_format='safetensor')


def test_student_and_teacher_of_dino(tmp_path, full_checkpoint):
    checkpoint = full_checkpoint('sslight-dino')
    save_torch(tmp_path / 'a.pth', checkpoint)
    official = {name.removeprefix('module.'): value for name, value in checkpoint['state_dict'].items()}
    wanted = {'student': dict(), 'teacher': dict(prefix='teacher.backbone.')}
    for network, options in wanted.items():
        export_backbone(tmp_path / 'a.pth', tmp_path / 'b.safetensors', **options)
        held = read_checkpoint(tmp_path / 'b.safetensors')['state_dict']
        assert {'conv1.weight', 'bn1.running_mean'} < held.keys()
        assert torch.equal(held['conv1.weight'], official[f'{network}.backbone.encoder.0.weight'])
    export_backbone(tmp_path / 'a.pth', tmp_path / 'c.safetensors', weights='teacher')
    assert all(
        torch.equal(held[name], value)
        for name, value in read_checkpoint(tmp_path / 'c.safetensors')['state_dict'].items()
    )


def test_official_format_of_convolutional_networks_is_torchvisions(tmp_path):
    held = {'backbone.conv2.bn.bias': torch.ones(2), 'backbone.layer2.1.conv.2.conv.weight': torch.zeros(2)}
    save_torch(tmp_path / 'a.pth', {'state_dict': held})
    export_backbone(tmp_path / 'a.pth', tmp_path / 'b.pth', file_format='official')
    assert set(read_checkpoint(tmp_path / 'b.pth')) == {'features.18.1.bias', 'features.3.conv.2.weight'}


def test_exported_backbone_is_exported_again_with_what_is_known_of_it(tmp_path, full_checkpoint):
    save_torch(tmp_path / 'a.pth', full_checkpoint('sslight-dino') | {'meta': {'cfg': CONFIG, 'epoch': 7}})
    export_backbone(tmp_path / 'a.pth', tmp_path / 'b.safetensors', prefix='teacher.backbone.')
    report = export_backbone(tmp_path / 'b.safetensors', tmp_path / 'c.safetensors')
    known = {'method': 'TEC', 'epoch': '7', 'prefix': 'teacher.backbone.', 'backbone': '{"type": "TECViT"}'}
    assert report.metadata == {'source': 'b.safetensors', 'source_sha256': sha256(tmp_path / 'b.safetensors'), **known}
    first, second = (read_checkpoint(tmp_path / name)['state_dict'] for name in ('b.safetensors', 'c.safetensors'))
    assert first.keys() == second.keys()
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_normalisation_of_the_run_is_kept(tmp_path):
    config = "data_preprocessor = dict(mean=[1.0, 2, 3], std=[4, 5, 6])\nmodel = dict(type='A')"
    state = {'backbone.conv1.weight': torch.ones(2)}
    save_torch(tmp_path / 'a.pth', {'state_dict': state, 'meta': {'cfg': config}})
    report = export_backbone(tmp_path / 'a.pth', tmp_path / 'b.pth')
    assert (report.metadata['mean'], report.metadata['std']) == ('[1.0, 2, 3]', '[4, 5, 6]')
    assert 'backbone' not in report.metadata


@pytest.mark.parametrize('suffix', ['.pth', '.safetensors'])
def test_names_can_carry_a_prefix_for_configs_that_say_so(tmp_path, suffix):
    held = {'backbone.conv1.weight': torch.ones(2), 'backbone.layer4.0.conv1.weight': torch.zeros(2)}
    save_torch(tmp_path / 'a.pth', {'state_dict': held})
    out = tmp_path / f'b{suffix}'
    report = export_backbone(tmp_path / 'a.pth', out, add_prefix='backbone')
    assert read_checkpoint(out)['state_dict'].keys() == held.keys()
    init_cfg = f"init_cfg=dict(type='Pretrained', checkpoint='b{suffix}', prefix='backbone.')"
    assert report.notes[0] == f'load by: backbone=dict(..., {init_cfg})'
    assert report.notes[-1].endswith(f'layer4 of a C4 detector: shared_head=dict(..., {init_cfg})')
    if suffix == '.pth':  # as mmdet does, without this package's reader
        state = torch.load(out, weights_only=True)['state_dict']
        assert [name for name in state if name.startswith('backbone.')] == [*held]
    again = export_backbone(out, tmp_path / f'c{suffix}')
    assert again.notes[0].endswith(f"checkpoint='c{suffix}')), without prefix")
    assert len(read_checkpoint(tmp_path / f'c{suffix}')['state_dict']) == 2
    with pytest.raises(ConfigError, match='leave out --add-prefix'):
        export_backbone(out, tmp_path / 'd.pth', file_format='official', add_prefix='backbone')
