import json

import pytest
import torch
from mmengine.dist import get_rank
from mmengine.registry import DefaultScope
from mmengine.runner import Runner
from torch import distributed, multiprocessing

from sslrecipes.errors import DataError
from sslrecipes.evaluation.features import Features, extract_features
from sslrecipes.evaluation.knn_scores import knn_scores


def loader(split, indices, **sampler):
    cfg = dict(
        dataset=dict(type='Digits', split=split, indices=indices, pipeline=[dict(type='PackInputs')]),
        sampler=dict(type='DefaultSampler', shuffle=False, **sampler),
        collate_fn=dict(type='default_collate'),
        batch_size=8,
        num_workers=0,
    )
    return Runner.build_dataloader(cfg, seed=0)


def evaluate(model, **sampler):
    bank, queries = (
        extract_features(model, loader(split, size, **sampler)) for split, size in (('train', 61), ('val', 23))
    )
    return bank, knn_scores(bank, queries, ks=(1, 9))


def in_process(rank, world_size, model, folder, sampler):
    torch.set_num_threads(1)
    distributed.init_process_group('gloo', f'file://{folder}/group', rank=rank, world_size=world_size)
    with DefaultScope.overwrite_default_scope('sslrecipes'):
        assert get_rank() == rank
        bank, scores = evaluate(model, **sampler)
    torch.save(bank.x, folder / f'bank{rank}.pt')
    (folder / f'scores{rank}.json').write_text(json.dumps(scores))
    distributed.destroy_process_group()


@pytest.mark.parametrize('sampler', [dict(round_up=True), dict(round_up=False)])
def test_two_processes_as_one(model, tmp_path, sampler):
    bank, scores = evaluate(model)
    multiprocessing.start_processes(in_process, (2, model, tmp_path, sampler), nprocs=2, start_method='fork')
    for rank in range(2):
        torch.testing.assert_close(torch.load(tmp_path / f'bank{rank}.pt'), bank.x, rtol=1e-5, atol=1e-6)
        assert json.loads((tmp_path / f'scores{rank}.json').read_text()) == scores


def test_names_and_range(model):
    _, scores = evaluate(model)
    assert set(scores) == {f'{name}_k{k}' for name in ('top1', 'top5', 'balanced') for k in (1, 9)}
    assert all(0 <= value <= 100 for value in scores.values())
    assert scores['top1_k9'] > 15  # ten classes


def test_classes_that_the_bank_does_not_have():
    bank, queries = Features(torch.eye(4), torch.arange(4)), Features(torch.eye(4), torch.arange(1, 5))
    with pytest.raises(DataError, match=r'bank has the classes 0 \.\. 3, but the images to classify have 1 \.\. 4'):
        knn_scores(bank, queries, ks=(1,))
    assert knn_scores(bank, queries, ks=(1,), num_classes=5)['top1_k1'] == 0


def test_nothing_to_classify_or_no_bank():
    some, none = Features(torch.eye(4), torch.arange(4)), Features(torch.empty(0, 4), torch.empty(0, dtype=torch.long))
    with pytest.raises(DataError, match='no images to classify'):
        knn_scores(some, none, ks=(1,))
    with pytest.raises(DataError, match='bank is empty'):
        knn_scores(none, some, ks=(1,))
