"""From a file of any kind into a backbone: the right network, completely, or a sentence that says why not."""

import mmdet.models  # noqa: F401  registers
import pytest
import torch
from mmdet.registry import MODELS
from mmengine.config import ConfigDict
from mmpretrain.models import MobileNetV2, ResNet, VisionTransformer
from mmpretrain.models.utils import resize_pos_embed
from torch import nn
from torchvision.models import mobilenet_v2

from sslrecipes.checkpoint.baking import bake_cls_token
from sslrecipes.checkpoint.conversion.convert import to_official
from sslrecipes.checkpoint.files.writing import save_torch
from sslrecipes.checkpoint.networks import read_network
from sslrecipes.errors import CheckpointError, ConfigError, CoverageError
from sslrecipes.export.backbone import export_backbone
from sslrecipes.transfer.loading import load_backbone
from sslrecipes.transfer.vitdet import ViTDet

ARCH = dict(embed_dims=16, num_layers=2, num_heads=2, feedforward_channels=32)


class Model(nn.Module):
    """Anything with a backbone."""

    def __init__(self, backbone):
        super().__init__()
        self.backbone = backbone


def resnet(depth=50, **options):
    return ResNet(depth, **{'stem_channels': 8, 'base_channels': 8, 'init_cfg': None, **options})


def vit(**options):
    return VisionTransformer(**{'arch': ARCH, 'img_size': 32, 'patch_size': 8, 'out_type': 'featmap', **options})


def weights(network, seed=0):
    generator = torch.Generator().manual_seed(seed)
    state = network.state_dict()
    return {
        name: torch.rand(value.shape, generator=generator) if value.ndim else value for name, value in state.items()
    }


def prefixed(prefix, state):
    return {f'{prefix}{name}': value for name, value in state.items()}


def holds(module, state):
    """Whether a module has these weights and no others."""
    return all(torch.equal(value, state[name]) for name, value in module.state_dict().items())


TRUNK = resnet(18, num_stages=3, strides=(1, 2, 2), dilations=(1, 1, 1), out_indices=(2,))
CLASSIFIER = {'fc.weight': torch.ones(4, 256), 'fc.bias': torch.ones(4)}
MOCO_HEAD = {'fc.0.weight': torch.ones(1), 'fc.2.weight': torch.ones(1)}


@pytest.fixture(scope='module')
def files(tmp_path_factory):
    """The same ResNet-50 as student, and another one as teacher, in all kinds of files."""
    folder = tmp_path_factory.mktemp('files')
    student, teacher = weights(resnet()), weights(resnet(), seed=1)
    moco = prefixed('module.encoder_q.', student | MOCO_HEAD) | prefixed('module.encoder_k.', teacher | MOCO_HEAD)
    kinds = {
        'torchvision': student | CLASSIFIER,
        'moco': {
            'state_dict': moco | {'module.queue': torch.ones(2, 2), 'module.queue_ptr': torch.ones(1)},
            'epoch': 1,
        },
        'moco-released': {'state_dict': prefixed('module.encoder_q.', student | {'fc.weight': torch.ones(1)})},
        'ours-dino': {'state_dict': prefixed('backbone.', student) | prefixed('teacher.backbone.', teacher)},
        'ours-moco': {'state_dict': prefixed('backbone.', student) | prefixed('momentum_encoder.backbone.', teacher)},
        'mmpretrain': {'state_dict': prefixed('backbone.', student) | prefixed('head.', CLASSIFIER)},
    }
    for kind, held in kinds.items():
        save_torch(folder / f'{kind}.pth', held)
    for part, prefix in {'student': 'backbone.', 'teacher': 'teacher.backbone.'}.items():
        export_backbone(folder / 'ours-dino.pth', folder / f'exported-{part}.safetensors', prefix=prefix)
    return folder, {'student': student, 'teacher': teacher}


@pytest.mark.parametrize(
    ('file', 'part', 'held'),
    [
        ('torchvision.pth', 'student', 'student'),
        ('torchvision.pth', 'teacher', 'student'),
        ('moco.pth', 'student', 'student'),
        ('moco.pth', 'query', 'student'),
        ('moco.pth', 'momentum', 'teacher'),
        ('moco-released.pth', 'student', 'student'),
        ('ours-dino.pth', 'online', 'student'),
        ('ours-dino.pth', 'teacher', 'teacher'),
        ('ours-moco.pth', 'student', 'student'),
        ('ours-moco.pth', 'target', 'teacher'),
        ('mmpretrain.pth', 'student', 'student'),
        ('exported-student.safetensors', 'student', 'student'),
        ('exported-teacher.safetensors', 'teacher', 'teacher'),
    ],
)
def test_every_kind_of_file_and_part(files, file, part, held):
    folder, networks = files
    model = Model(resnet())
    coverage = load_backbone(nn.DataParallel(model), folder / file, part)
    assert coverage.complete
    assert holds(model.backbone, networks[held])


@pytest.mark.parametrize(
    ('file', 'part', 'message'),
    [
        ('mmpretrain.pth', 'teacher', r'mmpretrain\.pth": it holds no teacher; it holds a student\.'),
        ('moco-released.pth', 'teacher', 'it holds no teacher'),
        ('exported-teacher.safetensors', 'student', 'it holds the teacher only, .* set part="teacher"'),
        ('exported-student.safetensors', 'teacher', 'it holds the student only'),
        ('absent.pth', 'student', r'absent\.pth'),
    ],
)
def test_absent_networks_are_named(files, file, part, message):
    with pytest.raises(CheckpointError, match=message):
        load_backbone(Model(resnet()), files[0] / file, part)


def test_unknown_part_and_model_without_backbone(files):
    with pytest.raises(ConfigError, match=r'no part "studnt".* Did you mean "student"\?'):
        load_backbone(Model(resnet()), files[0] / 'moco.pth', 'studnt')
    with pytest.raises(ConfigError, match='Linear has no backbone'):
        load_backbone(nn.Linear(1, 1), files[0] / 'moco.pth')


def test_no_checkpoint_changes_nothing():
    model = Model(resnet(18))
    before = {name: value.clone() for name, value in model.backbone.state_dict().items()}
    assert load_backbone(model, None) is None
    assert holds(model.backbone, before)


@pytest.mark.parametrize('part', ['student', 'teacher'])
def test_full_ibot_checkpoint(tmp_path, part):
    networks = {'student': weights(vit()), 'teacher': weights(vit(), seed=1)}
    official = {name: to_official(prefixed('backbone.', state), 'ibot') for name, state in networks.items()}
    student = prefixed('module.backbone.', official['student'] | {'masked_embed': torch.ones(1, 16)})
    save_torch(tmp_path / 'ibot.pth', {
        'student': student | {'module.head.mlp.0.weight': torch.ones(1)},
        'teacher': prefixed('backbone.', official['teacher']) | {'head.mlp.0.weight': torch.ones(1)},
        'ibot_loss': {},
    })  # fmt: skip
    model = Model(vit())
    assert load_backbone(model, tmp_path / 'ibot.pth', part).complete
    assert holds(model.backbone, networks[part])


def test_tec_token_is_baked(tmp_path):
    mlp = {'fc1.weight': (64, 16), 'fc1.bias': (64,), 'fc2.weight': (16, 64), 'fc2.bias': (16,)}
    state = weights(vit()) | {f'cls_token_mlp.{name}': torch.randn(shape) for name, shape in mlp.items()}
    save_torch(tmp_path / 'tec.pth', {'model': to_official(prefixed('backbone.', state), 'tec')})
    model = Model(vit())
    load_backbone(model, tmp_path / 'tec.pth')
    assert holds(model.backbone, bake_cls_token(state, ''))


def test_mobilenet_of_torchvision(tmp_path):
    network = mobilenet_v2(width_mult=0.1, num_classes=3)
    save_torch(tmp_path / 'mobilenet.pth', weights(network))
    model = Model(MobileNetV2(0.1, init_cfg=None))
    assert load_backbone(model, tmp_path / 'mobilenet.pth').complete
    assert torch.equal(model.backbone.conv1.conv.weight, weights(network)['features.0.0.weight'])


def test_positions_are_resampled_as_mmpretrain_does(tmp_path):
    state = weights(vit())
    save_torch(tmp_path / 'vit.pth', {'state_dict': prefixed('backbone.', state)})
    wanted = resize_pos_embed(state['pos_embed'], (4, 4), (6, 6), 'bicubic', 1)
    model, tokenless = Model(vit(img_size=48)), Model(vit(img_size=48, with_cls_token=False))
    for each in (model, tokenless):
        assert load_backbone(each, tmp_path / 'vit.pth').complete
    torch.testing.assert_close(model.backbone.pos_embed.data, wanted)
    torch.testing.assert_close(tokenless.backbone.pos_embed.data, wanted[:, 1:])


def test_a_class_declares_what_is_new_and_what_is_unused(tmp_path):
    save_torch(tmp_path / 'vit.pth', {'state_dict': prefixed('backbone.', weights(vit()))})
    backbone = ViTDet(ARCH, img_size=32, patch_size=8, window_size=2, use_rel_pos=True, input_size=32)
    coverage = load_backbone(Model(backbone), tmp_path / 'vit.pth')
    assert len(coverage.fresh) == 4
    assert all('rel_pos' in name for name in coverage.fresh)
    assert set(coverage.unexpected) == {'cls_token', 'ln1.weight', 'ln1.bias'}


def c4_detector(depth=18):
    head = dict(type='ResLayerExtraNorm', depth=depth, stage=3, stride=2, norm_cfg=dict(type='BN'), init_cfg=None)
    backbone = dict(type='mmpretrain.ResNet', depth=18, num_stages=3, strides=(1, 2, 2), dilations=(1, 1, 1),
                    out_indices=(2,), init_cfg=None)  # fmt: skip
    roi_head = ConfigDict(type='mmdet.StandardRoIHead', shared_head={**head, 'type': 'mmdet.ResLayerExtraNorm'})
    test_cfg = ConfigDict(rcnn=dict())
    return MODELS.build(dict(type='mmdet.TwoStageDetector', backbone=backbone, roi_head=roi_head, test_cfg=test_cfg))


def test_c4_detector_shares_the_network(tmp_path):
    state = weights(resnet(18, stem_channels=64, base_channels=64))
    save_torch(tmp_path / 'r18.pth', state)
    model = c4_detector()
    coverage = load_backbone(model, tmp_path / 'r18.pth')
    assert set(coverage.fresh) == {f'norm.{name}' for name in ('weight', 'bias', 'running_mean', 'running_var')}
    assert not coverage.unexpected
    assert holds(model.backbone, state)
    assert holds(model.roi_head.shared_head.layer4, {name.removeprefix('layer4.'): state[name] for name in state})


def test_c4_detector_without_its_last_stage_stays_as_it_was(tmp_path):
    state = weights(resnet(18, stem_channels=64, base_channels=64))
    save_torch(tmp_path / 'trunk.pth', {name: value for name, value in state.items() if 'layer4.' not in name})
    model = c4_detector()
    message = (
        r'^"\S+trunk.pth" fills 75 of 100 weights of C4Network; missing: layer4\.0\.conv1\.weight, .* '
        r"To let the last stage begin anew set transfer\.ignore=\['layer4\.'\]\.$"
    )
    with pytest.raises(CoverageError, match=message):
        load_backbone(model, tmp_path / 'trunk.pth')
    assert not holds(model.backbone, state)
    coverage = load_backbone(model, tmp_path / 'trunk.pth', ignore=['layer4.'])
    assert 'left as initialised (29): layer4.0.conv1.weight, ' in coverage.summary()
    assert holds(model.backbone, state)


@pytest.mark.parametrize(
    ('network', 'backbone', 'message'),
    [
        (resnet(18), resnet(34), r'holds a ResNet18, .* but the backbone is a ResNet34, 8 wide'),
        (resnet(34), resnet(18), r'holds a ResNet34, .* but the backbone is a ResNet18, 8 wide'),
        (resnet(18), resnet(18, base_channels=16), r'a ResNet18, 8 wide.* but the backbone is a ResNet18, 16 wide'),
        (resnet(18), vit(), r'holds a ResNet18.* but the backbone is a ViT of 2 blocks, .*: 0 of \d+ weights fit'),
        (vit(), resnet(18), r'holds a ViT of 2 blocks.* but the backbone is a ResNet18'),
        (vit(), vit(arch={**ARCH, 'num_layers': 1}), r'a ViT of 2 blocks, .* is a ViT of 1 blocks'),
        (vit(), vit(arch={**ARCH, 'embed_dims': 32}), r'blocks, 16 wide, .* is a ViT of 2 blocks, 32 wide'),
        (vit(), vit(patch_size=16), r'patches of 8 of 32 px, .* patches of 16 of 32 px'),
        (vit(), ViTDet({**ARCH, 'num_layers': 4}, img_size=32, patch_size=8), r'ViT of 2 blocks.* ViT of 4 blocks'),
        (vit(), ViTDet({**ARCH, 'num_layers': 1}, img_size=32, patch_size=8), r'ViT of 2 blocks.* ViT of 1 blocks'),
        (resnet(34), TRUNK, r'holds a ResNet34, .* is a ResNet18 without its last stage, 8 wide'),
        (TRUNK, resnet(34), r'holds a ResNet18 without its last stage, .* is a ResNet34, 8 wide'),
        (TRUNK, resnet(18), r'fills 75 of 100 weights of ResNet; missing: layer4'),
        (vit(with_cls_token=False), vit(), r'has no class token, the model.s has one: set with_cls_token=False'),
        (vit(with_cls_token=False), ViTDet(ARCH, img_size=32, patch_size=8),
         r'no class token in pre-training: set model\.backbone\.with_cls_token=False'),
        (vit(), ViTDet(ARCH, img_size=64, patch_size=16), r'set model\.backbone\.pretrained_patch_size=8\.'),
        (vit(final_norm=False), vit(), r'missing: ln1\.weight, ln1\.bias\.'),
    ],
)  # fmt: skip
def test_networks_that_do_not_fit_are_named(tmp_path, network, backbone, message):
    save_torch(tmp_path / 'a.pth', {'state_dict': prefixed('backbone.', weights(network))})
    before = {name: value.clone() for name, value in backbone.state_dict().items()}
    with pytest.raises(CoverageError, match=message):
        load_backbone(Model(backbone), tmp_path / 'a.pth')
    assert holds(backbone, before)


@pytest.mark.parametrize('build', [resnet, vit])
def test_forgotten_prefix_is_named(tmp_path, build):
    save_torch(tmp_path / 'a.pth', {'state_dict': prefixed('model.visual.', weights(build()))})
    with pytest.raises(CoverageError, match=r"fills 0 of \d+ .* the keys match under prefix 'model.visual.'"):
        load_backbone(Model(build()), tmp_path / 'a.pth')


def test_weights_without_a_place_are_an_error(tmp_path):
    save_torch(tmp_path / 'a.pth', weights(resnet(18)) | {'layer4.1.se.weight': torch.ones(3)})
    with pytest.raises(CoverageError, match=r'fills 100 of 100 weights of ResNet; not used: layer4\.1\.se\.weight\.'):
        load_backbone(Model(resnet(18)), tmp_path / 'a.pth')
    assert load_backbone(Model(resnet(18)), tmp_path / 'a.pth', ignore=['layer4.1.se']).complete


@pytest.mark.parametrize('suffix', ['pth', 'safetensors'])
def test_truncated_file_is_named(tmp_path, files, suffix):
    whole = files[0] / {'pth': 'torchvision.pth', 'safetensors': 'exported-student.safetensors'}[suffix]
    path = tmp_path / f'cut.{suffix}'
    path.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    with pytest.raises(CheckpointError, match=rf'cut\.{suffix}" .*(cut|damaged)'):
        load_backbone(Model(resnet()), path)


@pytest.mark.parametrize('entry', ['model_ema', 'state_dict_ema', 'ema_state_dict'])
@pytest.mark.parametrize('prefix', ['', 'module.', 'backbone.'])
def test_averages_kept_in_an_entry_of_their_own(tmp_path, entry, prefix):
    state = resnet(18).state_dict()
    averaged = {f'{prefix}{name}': value + 1 for name, value in state.items()}
    trained = {f'backbone.{name}': value for name, value in state.items()}
    path = save_torch(tmp_path / 'run.pth', {'state_dict': trained, entry: averaged})
    for part, shift in (('student', 0), ('ema', 1)):
        assert torch.equal(read_network(path, part).weights['conv1.weight'], state['conv1.weight'] + shift)
