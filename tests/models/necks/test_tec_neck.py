import torch
from torch import nn

from sslrecipes.registry import MODELS


def neck(**kwargs):
    sizes = dict(embed_dims=16, num_layers=6, num_patches=16, decoder_embed_dims=8, decoder_num_heads=2, target_heads=2)
    return MODELS.build(dict(type='TECNeck', **(sizes | kwargs)))


def inputs():
    layers = [torch.randn(2, 5, 16) for _ in range(6)]
    ids_restore = torch.stack([torch.randperm(16) for _ in range(2)])
    return layers, ids_restore, torch.stack([torch.randperm(16)[:3] for _ in range(2)])


def test_shapes_follow_the_base_model():
    feature, relation = neck(target_dims=12, target_heads=3)(*inputs())
    assert feature.shape == (2, 16, 12)
    assert relation.shape == (2, 4, 3, 16)


def test_every_norm_is_configured():
    norms = [module for module in neck(norm_cfg=dict(type='LN', eps=0.5)).modules() if isinstance(module, nn.LayerNorm)]
    assert len(norms) == 2 + 2 + 2 * len(neck().blocks)
    assert {norm.eps for norm in norms} == {0.5}


def test_relations_are_the_chosen_rows_of_attention_logits():
    """Of all tokens to all patches, scaled by the full width."""
    model, decoded, (layers, ids_restore, chosen) = neck(target_dims=12, target_heads=3), [], inputs()
    model.relation_branch.norm.register_forward_hook(lambda module, args, out: decoded.append(out))
    relation = model(layers, ids_restore, chosen).relation
    q, k = model.relation_branch.qk(decoded[0]).view(2, 17, 2, 3, 4).permute(2, 0, 3, 1, 4)
    logits = q @ k[:, :, 1:].mT / 12**0.5
    rows = torch.cat([torch.zeros(2, 1, dtype=torch.long), chosen + 1], dim=1)
    torch.testing.assert_close(relation, torch.stack([logits[i][:, rows[i]].transpose(0, 1) for i in range(2)]))


def test_groups_default_to_a_third_of_the_depth():
    assert len(neck().adapter.fuse) == 2
    assert len(neck(num_groups=3).adapter.fuse) == 3


def test_shared_blocks_run_once_for_both_branches():
    model, calls = neck(), []
    for block in model.blocks:
        block.register_forward_hook(lambda module, args, out: calls.append(len(args[0])))
    model(*inputs())
    assert calls == [4, 4]


def test_branches_do_not_see_each_other():
    torch.manual_seed(0)
    both, alone = neck(), neck(relation=False)
    alone.load_state_dict(both.state_dict(), strict=False)
    data = inputs()
    torch.testing.assert_close(both(*data).feature, alone(*data[:2]).feature)
    assert alone(*data[:2]).relation is None


def test_initialisation_keeps_branches_apart():
    model = neck()
    model.init_weights()
    feature, relation = (branch.mask_token for branch in model.branches)
    assert not torch.equal(feature, relation)
    assert not model.pos_embed.requires_grad
    assert not model.adapter.fuse[0].bias.any()
