import pytest
import torch
from mmengine.registry import DefaultScope
from mmpretrain.registry import MODELS

from sslrecipes.checkpoint.baking import bake_cls_token
from sslrecipes.checkpoint.conversion.convert import to_official, to_ours
from sslrecipes.checkpoint.files.writing import save_safetensors, save_torch
from sslrecipes.checkpoint.initializer import Pretrained
from sslrecipes.checkpoint.loading import load_pretrained
from sslrecipes.errors import CheckpointError, CoverageError
from sslrecipes.export.backbone import export_backbone
from sslrecipes.registry import WEIGHT_INITIALIZERS


@pytest.fixture
def pretrained(vit):
    """A small ViT with weights of its own, the cls row of its position embedding zero as in MAE."""
    net = vit()
    for value in net.state_dict().values():
        value.normal_()
    net.pos_embed.data[:, 0] = 0
    return net


def prefixed(net):
    return {f'backbone.{name}': value for name, value in net.state_dict().items()}


def save(kind, path, net):
    ours = prefixed(net)
    if kind == 'training':
        save_torch(path, {'state_dict': {**ours, 'neck.mask_token': torch.ones(1)}, 'meta': {}})
    elif kind == 'official':
        save_torch(path, {'model': to_official(ours, 'mae')})
    elif kind == 'bare':
        save_safetensors(path, net.state_dict())
    elif kind == 'exported':
        save_torch(path.with_name('training.pth'), {'state_dict': ours})
        export_backbone(path.with_name('training.pth'), path)
    else:
        save_safetensors(path, to_official(ours, 'mae'))


def same(module, state):
    return all(torch.equal(value, state[name]) for name, value in module.state_dict().items())


@pytest.mark.parametrize('kind', ['training', 'official', 'bare', 'exported', 'timm'])
def test_init_cfg_takes_every_kind_of_file(tmp_path, vit, pretrained, kind):
    save(kind, tmp_path / 'a.pth', pretrained)
    init_cfg = dict(type='Pretrained', checkpoint=str(tmp_path / 'a.pth'), prefix='backbone.')
    net = vit(options=dict(init_cfg=init_cfg))
    net.init_weights()
    assert same(net, pretrained.state_dict())


def test_classifier_with_fresh_norm_and_head(tmp_path, vit, pretrained):
    save('training', tmp_path / 'a.pth', pretrained)
    init_cfg = dict(type='Pretrained', checkpoint=str(tmp_path / 'a.pth'), prefix='backbone', ignore=['ln2.'])
    net = vit(options=dict(init_cfg=init_cfg, out_type='avg_featmap', final_norm=False))
    head = dict(
        type='LinearClsHead', num_classes=3, in_channels=16, init_cfg=dict(type='Constant', layer='Linear', val=5)
    )
    model = MODELS.build(dict(type='ImageClassifier', backbone=net, head=head))
    model.init_weights()
    assert torch.equal(model.backbone.layers[1].ln1.weight, pretrained.layers[1].ln1.weight)
    assert (model.backbone.ln2.weight == 1).all()
    assert (model.head.fc.weight == 5).all()


def test_fresh_parts_stay_fresh_even_if_the_file_has_them(tmp_path, vit, pretrained):
    save('training', tmp_path / 'a.pth', pretrained)
    init_cfg = dict(type='Pretrained', checkpoint=str(tmp_path / 'a.pth'), prefix='backbone.', fresh=('ln1.',))
    net = vit(options=dict(init_cfg=init_cfg))
    net.init_weights()
    assert (net.ln1.weight == 1).all()
    assert (net.ln1.bias == 0).all()
    assert torch.equal(net.layers[0].ln1.weight, pretrained.layers[0].ln1.weight)


def test_missing_norm_is_an_error_unless_ignored(tmp_path, vit, pretrained):
    save('training', tmp_path / 'a.pth', pretrained)
    net = vit(options=dict(out_type='avg_featmap', final_norm=False))
    with pytest.raises(CoverageError, match=r'missing: ln2.weight, ln2.bias; not used: backbone.ln1.weight'):
        Pretrained(str(tmp_path / 'a.pth'), prefix='backbone.')(net)
    Pretrained(str(tmp_path / 'a.pth'), prefix='backbone.', allow_partial=True)(net)
    assert torch.equal(net.cls_token, pretrained.cls_token)


def test_forgotten_prefix_is_named(tmp_path, vit, pretrained):
    save('official', tmp_path / 'a.pth', pretrained)
    with pytest.raises(CoverageError, match=r"the keys match under prefix 'backbone.'"):
        load_pretrained(vit(), tmp_path / 'a.pth')


def test_ours_is_found_in_our_scope_only():
    cfg = dict(type='Pretrained', checkpoint='a.pth', ignore=('ln2.',))
    assert isinstance(WEIGHT_INITIALIZERS.build(cfg), Pretrained)
    with DefaultScope.overwrite_default_scope('mmpretrain'), pytest.raises(TypeError, match='ignore'):
        WEIGHT_INITIALIZERS.build(cfg)


def test_tec_token_is_baked_for_a_network_without_mlp(tmp_path, golden, official, vit):
    case, tensors = golden('tec/weight_convert')
    save_torch(tmp_path / 'tec.pth', {'model': official('tec/weight_convert')})
    net = vit(**case['hyper'])
    load_pretrained(net, tmp_path / 'tec.pth', prefix='backbone.')
    ours = bake_cls_token(to_ours(official('tec/weight_convert'), 'tec'))
    assert torch.equal(net.cls_token, ours['backbone.cls_token'])
    net.eval()
    net.final_norm = False
    with torch.no_grad():
        features = net(tensors['in/imgs'])[-1][:, 1:].mean(dim=1)
    torch.testing.assert_close(features, tensors['out/gap_features'], rtol=1e-4, atol=1e-5)


def test_tec_token_stays_where_the_network_has_the_mlp(tmp_path, golden, official, vit):
    hyper, state = golden('tec/weight_convert')[0]['hyper'], official('tec/weight_convert')
    save_torch(tmp_path / 'tec.pth', {'model': state})
    net = vit(**hyper)
    width = hyper['embed_dim']
    net.cls_token_mlp = torch.nn.ModuleDict(
        {'fc1': torch.nn.Linear(width, 4 * width), 'fc2': torch.nn.Linear(4 * width, width)}
    )
    load_pretrained(net, tmp_path / 'tec.pth', prefix='backbone.')
    assert torch.equal(net.cls_token, state['cls_token'])
    assert torch.equal(net.cls_token_mlp['fc2'].weight, state['cls_token_mlp.fc2.weight'])


def test_teacher_is_selectable(tmp_path, vit, pretrained):
    teacher = {f'backbone.{name}': value for name, value in to_official(prefixed(pretrained), 'ibot').items()}
    student = {f'module.{name}': -value for name, value in teacher.items()}
    save_torch(tmp_path / 'ibot.pth', {'student': student, 'teacher': teacher})
    net = vit()
    load_pretrained(net, tmp_path / 'ibot.pth', prefix='backbone.', weights='teacher')
    assert same(net, pretrained.state_dict())
    load_pretrained(net, tmp_path / 'ibot.pth', prefix='backbone.')
    assert torch.equal(net.cls_token, -pretrained.cls_token)


def test_unset_checkpoint_is_named(vit):
    net = vit(options=dict(init_cfg=dict(type='Pretrained', checkpoint='', prefix='backbone.')))
    with pytest.raises(CheckpointError, match='No checkpoint is given'):
        net.init_weights()
