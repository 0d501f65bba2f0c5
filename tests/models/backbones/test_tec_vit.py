import torch

from sslrecipes.registry import MODELS

ARCH = dict(embed_dims=16, num_layers=3, num_heads=2, feedforward_channels=32)
IMAGES = torch.randn(2, 3, 16, 16)


def build(kind, **kwargs):
    vit = MODELS.build(dict(type=kind, arch=ARCH, img_size=16, patch_size=4, **kwargs))
    torch.manual_seed(0)
    for param in vit.parameters():
        torch.nn.init.normal_(param.data, std=0.1)
    return vit


def test_student_returns_every_layer_the_last_one_normalised():
    vit, raw = build('TECViT'), []
    for block in vit.layers:
        block.register_forward_hook(lambda module, inputs, output: raw.append(output))
    layers, mask, _ = vit(IMAGES)
    assert [tuple(x.shape) for x in layers] == [(2, 5, 16)] * 3
    torch.testing.assert_close(layers, [*raw[:2], vit.ln1(raw[2])])
    assert mask.sum() == 2 * 12


def test_token_mlp_changes_the_token_without_residual():
    vit = build('TECViT')
    mlp = vit.cls_token_mlp
    expected = mlp.fc2(torch.nn.functional.gelu(mlp.fc1(vit.cls_token)))
    torch.testing.assert_close(vit.class_token(), expected)
    plain = build('TECViT', mlp_token=False)
    assert plain.cls_token_mlp is None
    assert plain.class_token() is plain.cls_token


def test_fine_tuned_net_equals_the_student_on_whole_images():
    student = build('TECViT', out_type='raw')
    fine = build('TECFineTuneViT', out_type='raw')
    fine.load_state_dict(student.state_dict())
    torch.testing.assert_close(fine(IMAGES)[0], student(IMAGES, mask=False)[0])


def test_position_embedding_is_frozen_and_token_learns_at_full_rate():
    vit = build('TECFineTuneViT', out_type='avg_featmap', final_norm=False)
    assert not vit.pos_embed.requires_grad
    depth = {name: vit.get_layer_depth(f'backbone.{name}', 'backbone.') for name, _ in vit.named_parameters()}
    assert depth['cls_token'] == depth['cls_token_mlp.fc1.weight'] == depth['ln2.weight'] == (4, 5)
    assert depth['patch_embed.projection.weight'] == (0, 5)
    assert depth['layers.2.ln1.weight'] == (3, 5)


def test_other_image_sizes_resize_the_position_embedding():
    vit, images = build('TECFineTuneViT', out_type='raw'), torch.randn(1, 3, 24, 16)
    larger = MODELS.build(dict(type='TECFineTuneViT', arch=ARCH, img_size=(24, 16), patch_size=4, out_type='raw'))
    table = vit.pos_embed[:, 1:].unflatten(1, (4, 4)).permute(0, 3, 1, 2)
    resized = torch.nn.functional.interpolate(table, (6, 4), mode='bicubic').flatten(2).mT
    larger.load_state_dict(vit.state_dict() | {'pos_embed': torch.cat([vit.pos_embed[:, :1], resized], dim=1)})
    torch.testing.assert_close(vit(images), larger(images))
