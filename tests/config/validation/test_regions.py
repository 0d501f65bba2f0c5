import pytest
from mmengine.config import Config

from sslrecipes.config.validation.multi_crop import widths_agree
from sslrecipes.config.validation.regions import montages_are_whole, regions_agree


def recipe(batch=4, given=2, **head):
    model = dict(neck=dict(in_channels=6, out_channels=5), head=dict(type='W2SSLHead', in_channels=6, **head))
    pipeline = [dict(type='RegionCrops', regions=given)]
    return Config(dict(model=model, train_dataloader=dict(batch_size=batch, dataset=dict(pipeline=pipeline))))


@pytest.mark.parametrize(('given', 'head'), [(2, {}), (2, dict(num_regions=2)), (4, dict(num_regions=4))])
def test_as_many_regions_as_the_data_gives(given, head):
    assert not [*regions_agree(recipe(given=given, **head))]


def test_another_number_of_regions_is_told_with_both_places():
    ((sentence, places),) = regions_agree(recipe(given=4))
    assert sentence.startswith('model.head.num_regions is 2 but train_dataloader.dataset.pipeline[0].regions is 4')
    assert places == ('model.head.num_regions', 'train_dataloader.dataset.pipeline[0].regions')


@pytest.mark.parametrize(('batch', 'regions', 'whole'), [(2, 2, True), (3, 2, False), (3, 4, True), (6, 2, True)])
def test_montages_of_a_process_are_whole(batch, regions, whole):
    objections = [*montages_are_whole(recipe(batch, num_regions=regions))]
    assert bool(objections) is not whole
    for sentence, _ in objections:
        assert 'train_dataloader.batch_size=3: the 3 x 2 regions of a process' in sentence
        assert 'take a multiple of 2 images' in sentence


def test_other_methods_are_left_alone():
    cfg = recipe(3, 4)
    cfg.model.head.type = 'SimCLRHead'
    assert not [*regions_agree(cfg), *montages_are_whole(cfg)]


def test_widths_of_the_neck_and_the_head_agree():
    cfg = recipe(predictor=dict(in_channels=5, out_channels=5))
    assert not [*widths_agree(cfg)]
    cfg.model.head.update(in_channels=7, predictor=dict(in_channels=5, out_channels=4))
    sentences = ' '.join(sentence for sentence, _ in widths_agree(cfg))
    assert 'model.neck.in_channels is 6 but model.head.in_channels is 7' in sentences
    assert 'model.neck.out_channels is 5 but model.head.predictor.out_channels is 4' in sentences
