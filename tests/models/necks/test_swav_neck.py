import torch

from sslrecipes.models.necks import SwAVNeck


def build():
    return SwAVNeck(in_channels=6, hidden_channels=8, out_channels=4, num_prototypes=5)


def test_scores_are_cosines_of_normalised_prototypes():
    neck = build()
    torch.nn.init.normal_(neck.prototypes.weight, std=3)
    neck.normalize_prototypes()
    embedding, scores = neck(torch.randn(7, 6))
    torch.testing.assert_close(embedding.norm(dim=1), torch.ones(7))
    cosines = torch.cosine_similarity(embedding[:, None], neck.prototypes.weight, dim=2)
    torch.testing.assert_close(scores, cosines)


def test_normalising_again_changes_roundings_only():
    neck = build()
    neck.normalize_prototypes()
    once = neck.prototypes.weight.detach().clone()
    neck.normalize_prototypes()
    torch.testing.assert_close(neck.prototypes.weight.detach(), once, rtol=3e-7, atol=0)
    assert neck.prototypes.weight.requires_grad


def test_names():
    assert {name.rpartition('.')[0] for name in build().state_dict()} == {'mlp.0', 'mlp.1', 'mlp.3', 'prototypes'}
