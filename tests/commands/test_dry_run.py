import torch

from sslrecipes.commands.costs import StepCost
from sslrecipes.commands.dry_run import (
    batch_of_run,
    describe,
    first_images,
    print_report,
    print_rows,
    scaled_lr,
    shapes,
)
from sslrecipes.engine.runner import SSLRunner


def test_report_names_facts_costs_and_shapes(mae_on_digits, capsys):
    loader = mae_on_digits.train_dataloader
    mae_on_digits.val_dataloader = loader | dict(sampler=dict(type='DefaultSampler', shuffle=False), batch_size=7)
    mae_on_digits.val_cfg = dict(type='KNNLoop', ks=(1,), bank=mae_on_digits.val_dataloader, pool='avg')
    mae_on_digits.val_evaluator = []
    print_report(SSLRunner.from_cfg(mae_on_digits))
    text = capsys.readouterr().out
    sizes = '(16, 3, 8, 8) uint8', '(7, 3, 8, 8) uint8'
    for word in ('mask_ratio', 'FLOPs per image', 'memory per process', 'batches per epoch', *sizes):
        assert word in text


def test_the_cost_of_small_pictures_is_told_beside_that_of_usual_ones(mae_on_digits, capsys):
    crop = dict(type='RandomResizedCrop', scale=8, backend='pillow')
    mae_on_digits.train_dataloader.dataset.pipeline.insert(0, crop)
    print_report(SSLRunner.from_cfg(mae_on_digits))
    (row,) = [line for line in capsys.readouterr().out.splitlines() if 'cost relative to 224 px' in line]
    assert 0 < float(row.strip('│').split('│')[1]) < (8 / 224) ** 2
    assert 'cost relative to 224 px' not in describe(StepCost(1, 1, 1, 0, 1, 0, 1), 1)


def test_batches_are_cut_and_described():
    views = {'inputs': [torch.zeros(4, 3, 8, 8), torch.zeros(4, 3, 6, 6)], 'data_samples': list(range(4))}
    cut = first_images(views, 2)
    assert [len(view) for view in cut['inputs']] == [2, 2]
    assert cut['data_samples'] == [0, 1]
    round_again = first_images({'inputs': torch.tensor([1, 2]), 'data_samples': ['a', 'b'], 'none': None}, 3)
    assert round_again['inputs'].tolist() == [1, 2, 1]
    assert round_again['data_samples'] == ['a', 'b', 'a']
    assert shapes(views) == {'inputs[0]': '(4, 3, 8, 8) float32', 'inputs[1]': '(4, 3, 6, 6) float32'}


def test_costs_are_for_the_batch_of_a_process():
    cost = StepCost(2_000_000, 1_000_000, 3e9, 8e9, 2**28, 2**29, 2**30)
    text = describe(cost, batch=4)
    assert text['parameters'] == '2.00 M (1.00 M trained)'
    assert text['FLOPs per image'].startswith('5.00 G ')
    assert text['memory per process'].startswith('about 2.50 GiB in fp32 at batch 4: 1.00 weights')


def test_costs_of_small_models_do_not_read_as_none():
    text = describe(StepCost(20_000, 0, 3e6, 0, 2**18, 0, 2**21), batch=4)
    assert text['parameters'] == '20.00 k (0.00 k trained)'
    assert text['FLOPs per image'].startswith('3.00 M ')
    assert text['memory per process'].startswith('about 3.00 MiB in fp32 at batch 4: 2.00 weights')
    assert text['memory per process'].endswith('1.00 activations')
    assert 'about 1025.00 MiB' in describe(StepCost(1, 1, 1, 0, 2**28, 0, 2**20), 4)['memory per process']


def test_a_place_and_its_file_stay_in_their_cells(capsys):
    place, file = 'MISSING model.backbone.init_cfg.checkpoint', 'work_dirs/' + 'long/' * 9 + 'epoch_300.pth'
    print_rows('recipe', {place: file})
    cells = [line.strip('│\n').split('│') for line in capsys.readouterr().out.splitlines() if line.startswith('│')]
    assert cells[0][0].strip() == place
    assert ''.join(cell[1].strip() for cell in cells) == file


def test_samples_are_not_changed_by_counting():
    sample = {'gt': [1]}
    copy = first_images([sample], 2)
    copy[0]['gt'].append(2)
    assert sample == copy[1] == {'gt': [1]}


def test_the_scaled_learning_rate_is_told(mae_on_digits):
    mae_on_digits.auto_scale_lr = dict(base_batch_size=64, enable=True)
    lr = mae_on_digits.optim_wrapper.optimizer.lr
    assert scaled_lr(SSLRunner.from_cfg(mae_on_digits)) == {
        'lr': f'{lr / 4:.6g} (scaled from batch 64 to 16)',
        'effective_batch': '16',
        'base_lr': f'{lr * 4:.6g}',
    }
    mae_on_digits.auto_scale_lr.enable = False
    assert scaled_lr(SSLRunner.from_cfg(mae_on_digits)) == {}


def test_a_batch_other_than_that_of_the_name_is_told(mae_on_digits):
    runner = SSLRunner.from_cfg(mae_on_digits)
    assert batch_of_run(runner, {'effective_batch': '64'}) == {'batch of this run': '16 (1 process)'}
    assert batch_of_run(runner, {'effective_batch': '16'}) == batch_of_run(runner, {}) == {}
