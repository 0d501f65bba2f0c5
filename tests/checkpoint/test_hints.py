"""The sentence before the names: what a user has to set when a ViT or a classifier doesn't fit."""

import pytest
import torch
from torch import nn

from sslrecipes.checkpoint.coverage import load_weights
from sslrecipes.checkpoint.hints import hint
from sslrecipes.errors import CoverageError
from sslrecipes.registry import MODELS

GAP = dict(with_cls_token=False, out_type='avg_featmap', final_norm=False)
NO_TOKEN = (
    r"^The file's network has no class token, the model's has one: set with_cls_token=False in the backbone\. \"f"
)
TOKEN = r"^The file's network has a class token, the model's has none: set with_cls_token=True in the backbone\. \"f"


def refused(module, state, match, **options):
    with pytest.raises(CoverageError, match=match):
        load_weights(module, state, source='f', **options)


@pytest.mark.parametrize('img_size', [16, 32])
@pytest.mark.parametrize('ignore', [(), ('ln1.', 'ln2.')])
def test_class_token_on_one_side_only(vit, img_size, ignore):
    gap, token = vit(options=GAP).state_dict(), vit().state_dict()
    refused(vit(img_size=img_size), gap, NO_TOKEN, ignore=ignore)
    refused(vit(img_size=img_size, options=GAP), token, TOKEN, ignore=ignore)


def test_class_token_may_be_left_out_on_purpose(vit):
    target, token = vit(options=GAP), vit().state_dict()
    assert load_weights(target, token, source='f', ignore=('cls_token', 'ln2.')).complete
    assert torch.equal(target.pos_embed, token['pos_embed'][:, 1:])


def test_fitted_positions_show_that_it_is_left_out_on_purpose(vit):
    token = vit().state_dict()
    token['pos_embed'] = token['pos_embed'][:, 1:]
    assert load_weights(vit(options=GAP), token, source='f', ignore=('ln2.',)).complete


def test_whole_models(vit):
    model = nn.ModuleDict({'backbone': vit()})
    refused(model, nn.ModuleDict({'backbone': vit(options=GAP)}).state_dict(), NO_TOKEN)


def test_patches_of_another_size(vit):
    match = r"^The file's network has patches of 4 px, the model's of 8 px: set patch_size=4, .* patches of 8 px\. \"f"
    refused(vit(), vit(patch_size=4).state_dict(), match)


@pytest.mark.parametrize(('options', 'rows'), [({}, 16), (GAP, 15)])
def test_positions_that_are_no_square(vit, options, rows):
    state = vit(options=options).state_dict() | {'pos_embed': torch.zeros(1, rows, 16)}
    refused(vit(options=options), state, r"^The file's position table is for 15 patches, which are no square")


@pytest.mark.parametrize('head', ['head.fc', 'heads.0'])
def test_another_number_of_classes(head):
    def model(classes):
        part, layer = head.split('.')
        return nn.ModuleDict({part: nn.ModuleDict({layer: nn.Linear(4, classes)}), 'stem': nn.Linear(3, 4)})

    match = r"^The file's classifier has 1000 classes, the model's 10: set num_classes=1000, or take the backbone only"
    refused(model(10), model(1000).state_dict(), match)


@pytest.mark.parametrize(
    ('rows', 'match'),
    [
        (17, r"^The file's decoder takes a class token, .* --channel-first\. \"f"),
        (15, r'takes no class token, .* --to mae'),
    ],
)
def test_decoders_of_mae_and_mae_priv(rows, match):
    def decoder(rows):
        return nn.ParameterDict({'mask_token': torch.zeros(1, 1, 4), 'decoder_pos_embed': torch.zeros(1, rows, 4)})

    refused(decoder(16), decoder(rows).state_dict(), match)


def test_other_causes_have_no_sentence(vit):
    refused(vit(), vit(depth=1).state_dict(), '^"f" fills')
    refused(vit(), vit(embed_dim=32).state_dict(), '^"f" fills')


@pytest.mark.parametrize(
    ('held', 'match'),
    [
        (dict(num_layers=4), r"^The file's projection has 4 layers, the model's 2: set num_layers=4 in the neck\. \"f"),
        (dict(num_layers=1), r'has 1 layer, '),
        (dict(with_bn=True), r"^The file's projection has batch norms, the model's none: set with_bn=True in the neck"),
    ],
)
def test_projections_of_another_form(held, match):
    def model(**options):
        sizes = dict(in_channels=4, hidden_channels=4, out_channels=4)
        return nn.ModuleDict({'neck': MODELS.build(dict(type='MoCoNeck', **sizes, **options))})

    refused(model(), model(**held).state_dict(), match)


def test_a_network_with_fewer_stages():
    stages = dict(num_stages=3, strides=(1, 2, 2), dilations=(1, 1, 1), out_indices=(2,))
    shorter, whole = (MODELS.build(dict(type='ResNet', depth=18, base_channels=4, **s)) for s in (stages, {}))
    match = (
        r"^The file's network ends with layer3, the model's with layer4: set num_stages=3 in the backbone, "
        r"or let the rest begin anew by fresh=\('layer4\.',\) in its init_cfg\. \"f"
    )
    refused(whole, shorter.state_dict(), match)
    refused(nn.ModuleDict({'backbone': whole}), nn.ModuleDict({'backbone': shorter}).state_dict(), match)


def test_names_of_mmselfsup():
    neck = nn.ModuleDict({'neck': nn.ModuleDict({'mlp': nn.Sequential(nn.Linear(2, 2))})})
    held = {'neck.fc0.weight': torch.ones(2, 2), 'neck.fc0.bias': torch.ones(2)}
    refused(
        neck,
        held,
        r"^The file has mmselfsup's names: give it ours by tools/convert_checkpoint\.py\. \"f\" fills 0 of 2",
    )


@pytest.mark.parametrize(
    ('held', 'wanted', 'said'),
    [
        (['momentum_encoder.'], 'teacher.', 'The file is of MoCo, the model is BYOL: go on with the method'),
        (['momentum_encoder.', 'head.predictor.'], 'momentum_encoder.', 'The file is of MoCoV3, the model is MoCo'),
        (
            ['momentum_encoder.', 'head.predictor.', 'head.where.'],
            'neck.prototypes.',
            'The file is of W2SSL, the model',
        ),
        (['momentum_encoder.', 'head.queue2'], 'momentum_encoder.', 'The file is of DenseCL, the model is MoCo'),
        (['neck.mlp.0.'], 'teacher.', 'The file is of SimCLR or of the trained network of another method alone, the'),
        (['neck.piece.'], 'teacher.', 'The file is of Jigsaw, the model is BYOL'),
        (['head.predictor.'], 'momentum_encoder.', 'The file is of SimSiam, the model is MoCo'),
        (['neck.last_layer.'], 'neck.prototypes.', 'The file is of DINO, the model is SwAV'),
    ],
)
def test_another_method(held, wanted, said):
    shapes = {f'{part}weight': (1, 1) for part in held}
    assert hint(shapes, {f'{wanted}weight': (1, 1)}, ()).startswith(said)
    assert hint(shapes, {'backbone.conv1.weight': (1, 1)}, ()) == ''


@pytest.mark.parametrize('net', ['', 'backbone.', 'teacher.backbone.'])
def test_a_network_of_another_width(net):
    name = f'{net}conv1.weight'
    said = hint({name: (64, 3, 7, 7)}, {name: (32, 3, 7, 7)}, ())
    assert said.startswith("The stem of the file's network is (64, 3, 7, 7), the model's (32, 3, 7, 7)")
    block = f'{net}layer1.0.conv1.weight'
    assert hint({block: (64, 64, 3, 3)}, {block: (32, 32, 3, 3)}, ()) == ''
