"""What the recipes of the classic pretext tasks take from the papers beside what their cards say."""

import pytest

RESIZED = dict(type='ResizeEdge', scale=256, edge='short', backend='pillow', interpolation='bilinear')
SQUARES = [RESIZED, dict(type='RandomCrop', crop_size=224), dict(type='RandomFlip', prob=0.5)]
TILES = dict(type='PuzzleTiles', tile_share=64 / 75, channel_shift=2, grey_prob=0.3)
PICTURES = {
    'rotation_resnet50_8xb32-coslr-200e_in1k': SQUARES,
    'colorization_resnet50_8xb32-coslr-200e_in1k': SQUARES,
    'jigsaw_resnet50_8xb32-coslr-200e_in1k-225px': [RESIZED, dict(type='RandomCrop', crop_size=225), TILES],
}


@pytest.mark.parametrize('name', PICTURES)
def test_pictures_are_those_of_the_papers(name, resolve):
    load, *steps, pack = resolve(name).train_dataloader.dataset.pipeline
    assert (load.type, pack.type) == ('LoadImageOrSkip', 'PackInputs')
    assert [step.to_dict() for step in steps] == PICTURES[name]


def test_colours_are_told_at_a_quarter_of_the_sides(resolve):
    doublings = resolve('colorization_resnet50_8xb32-coslr-200e_in1k').model.neck.num_doublings
    assert 224 // 32 * 2**doublings == 224 // 4


@pytest.mark.parametrize('task', ['rotation', 'jigsaw', 'colorization'])
def test_evaluations_are_of_pictures_as_the_network_has_seen_them(task, resolve):
    """Without colours after colorization: trained on and tested."""
    cfg = resolve(f'resnet50_{task}-pre_8xb32-linear-coslr-100e_in1k')
    loaders = (cfg.train_dataloader, cfg.val_dataloader, cfg.test_dataloader)
    grey = ['Lightness' in [step.type for step in loader.dataset.pipeline[:-1]] for loader in loaders]
    assert grey == [task == 'colorization'] * 3
    assert [hook.type for hook in cfg.custom_hooks] == ['FrozenBackboneHook']
