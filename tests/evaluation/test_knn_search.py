import pytest
import torch
from torch.nn import functional

from sslrecipes.errors import DataError
from sslrecipes.evaluation.knn_candidates import merge, nothing_found, screening_dtype
from sslrecipes.evaluation.knn_search import NeighbourSearch, working_memory

SCREENINGS = (torch.float32, torch.bfloat16)


def draw(rows, width=24, offset=0.0, spread=1.0, seed=0):
    """Features around a common point."""
    generator = torch.Generator().manual_seed(seed)
    return offset + spread * torch.randn(rows, width, generator=generator)


def full_search(bank, queries, k, normalize):
    """All similarities in float64, sorted; of equal ones the first row of the bank first."""
    bank, queries = bank.double(), queries.double()
    if normalize:
        bank, queries = functional.normalize(bank), functional.normalize(queries)
    similarity, index = (queries @ bank.T).sort(dim=1, descending=True, stable=True)
    return similarity[:, :k], index[:, :k]


@pytest.mark.parametrize('screening', SCREENINGS)
@pytest.mark.parametrize('normalize', [True, False])
@pytest.mark.parametrize(('offset', 'spread'), [(0.0, 1.0), (5.0, 1.0), (5.0, 0.01)])
def test_as_a_full_search(screening, normalize, offset, spread):
    bank, queries = draw(900, offset=offset, spread=spread), draw(40, offset=offset, spread=spread, seed=1)
    found = NeighbourSearch(bank, normalize, block=128, part=16, screening=screening)(queries, 30)
    similarity, _ = full_search(bank, queries, 30, normalize)
    torch.testing.assert_close(found.similarity.double(), similarity, rtol=2e-6, atol=2e-6)
    assert all(len(set(row.tolist())) == 30 for row in found.rows)


@pytest.mark.parametrize('screening', SCREENINGS)
def test_bits_do_not_depend_on_blocks_or_precision(screening):
    bank, queries = draw(700), draw(50, seed=1)
    whole = NeighbourSearch(bank, block=700, part=50, screening=torch.float32)(queries, 20)
    for block, part in ((7, 13), (64, 50), (600, 1)):
        found = NeighbourSearch(bank, block=block, part=part, screening=screening)(queries, 20)
        assert torch.equal(found.similarity, whole.similarity)
        assert torch.equal(found.rows, whole.rows)


@pytest.mark.parametrize('screening', SCREENINGS)
def test_copies_come_in_the_order_of_the_bank(screening):
    bank = draw(300)
    bank[[250, 17, 130]] = bank[4].clone()
    found = NeighbourSearch(bank, block=64, screening=screening)(bank[4:5], 6)
    assert found.rows[0, :4].tolist() == [4, 17, 130, 250]
    assert len(found.similarity[0, :4].unique()) == 1


def test_what_bfloat16_cannot_tell_is_searched_again():
    """Thousands of rows within its rounding error, among them the nearest ones."""
    generator = torch.Generator().manual_seed(0)
    query = functional.normalize(torch.randn(1, 16, generator=generator))
    bank = torch.cat([query + 0.01 * torch.randn(3000, 16, generator=generator), -query + draw(3000, 16)])
    search = NeighbourSearch(bank, screening=torch.bfloat16)
    _, sure = search._search(query, 5, torch.bfloat16)
    assert not sure.any()
    similarity, index = full_search(bank, query, 5, normalize=True)
    assert set(search(query, 5).rows[0].tolist()) == set(index[0].tolist())
    torch.testing.assert_close(search(query, 5).similarity.double(), similarity, rtol=0, atol=1e-6)


def test_collapsed_features_are_searched_all_the_same():
    found = NeighbourSearch(torch.ones(500, 8), block=100, screening=torch.bfloat16)(torch.ones(3, 8), 10)
    assert torch.allclose(found.similarity, torch.ones(3, 10))


@pytest.mark.parametrize('size', [5, 48, 160])
def test_merge_as_topk_of_all(size):
    generator = torch.Generator().manual_seed(0)
    blocks = [torch.randn(6, size, generator=generator) for _ in range(9)]
    best = nothing_found(6, 20, blocks[0])
    for number, block in enumerate(blocks):
        merge(best, block, start=number * size)
    everything = torch.cat(blocks, dim=1)
    expected = everything.topk(20, dim=1).values
    assert torch.equal(best.similarity.sort(dim=1, descending=True).values, expected)
    assert torch.equal(everything.gather(1, best.rows.long()), best.similarity)


@pytest.mark.parametrize(('value', 'row'), [(float('nan'), 3), (float('inf'), 0)])
def test_features_that_are_not_finite(value, row):
    bank, broken = draw(50), draw(50)
    broken[row, 2] = value
    with pytest.raises(DataError, match=f'1 of 50 features of the k-NN bank are not finite, the first .* image {row}'):
        NeighbourSearch(broken)
    with pytest.raises(DataError, match='the images to classify are not finite'):
        NeighbourSearch(bank)(broken, 3)


def test_working_memory_does_not_grow_with_the_bank_itself():
    small, large = (working_memory(rows, 1024, 200, 1000) for rows in (100_000, 1_281_167))
    assert large - small == 16 * (1_281_167 - 100_000)
    assert large < 0.7e9


def test_small_banks_and_those_of_other_precision_are_screened_in_their_own():
    assert screening_dtype(torch.empty(1000, 4)) == torch.float32
    assert screening_dtype(torch.empty(40000, 1, dtype=torch.float64)) == torch.float64
    assert screening_dtype(torch.empty(40000, 1)) in SCREENINGS
