"""Options that are possible each, but not together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sslrecipes.config.knn_bank import knn_has_a_bank
from sslrecipes.config.places import Objection, value_at, walk
from sslrecipes.config.rules import bad_value
from sslrecipes.config.rules.checks import either, items, nothing, options, text
from sslrecipes.config.rules.sizes import not_whole, other_grid
from sslrecipes.config.rules.warm_up import outlasts_training
from sslrecipes.config.schedules import schedules
from sslrecipes.config.upstream import LOOP_OF_UNIT, is_upstream
from sslrecipes.config.validation.channels import grey_images_fit
from sslrecipes.config.validation.colours import there_are_colours
from sslrecipes.config.validation.components import components_are_named
from sslrecipes.config.validation.crops import crops_fit
from sslrecipes.config.validation.feature_width import features_have_their_width
from sslrecipes.config.validation.image_sizes import IMAGE_SIZE_COMBINATIONS
from sslrecipes.config.validation.iterations import schedules_end_with_training
from sslrecipes.config.validation.model_options import MODEL_COMBINATIONS
from sslrecipes.config.validation.multi_crop import MULTI_CROP_COMBINATIONS
from sslrecipes.config.validation.optional_packages import packages_are_there
from sslrecipes.config.validation.regions import REGION_COMBINATIONS

#: Keys of one dict of the model -> the second must divide the first.
DIVIDED_BY = {
    'img_size': 'patch_size',
    'embed_dims': 'num_heads',
    'decoder_embed_dim': 'decoder_num_heads',
    'decoder_embed_dims': 'decoder_num_heads',
    'target_dims': 'target_heads',
}
#: What a data set's options may be, whatever its type.
OF_DATA_SETS = {
    'pipeline': items,
    'data_root': either(text, nothing),
    'ann_file': either(text, nothing),
    'data_prefix': either(text, options, nothing),
    'metainfo': either(options, nothing),
    'classes': either(text, items, nothing),
    'split': either(text, nothing),
    'subset': text,
}
#: What mmengine's runner takes together or not at all.
PHASES = (
    ('train_dataloader', 'train_cfg', 'optim_wrapper'),
    ('val_dataloader', 'val_cfg', 'val_evaluator'),
    ('test_dataloader', 'test_cfg', 'test_evaluator'),
)
#: Schedules that are functions of the whole length of the run.
OF_THE_WHOLE_RUN = ('CosineScheduler', 'WarmupCosineLR')
#: What a training loop's length is called.
LENGTH = {
    **dict.fromkeys(('SSLTrainLoop', 'EpochBasedTrainLoop'), 'max_epochs'),
    **dict.fromkeys(('SSLIterTrainLoop', 'IterBasedTrainLoop'), 'max_iters'),
}


def phases_are_complete(cfg: Any) -> Iterator[Objection]:
    """A loader, its loop, and the optimizer or evaluator belong together."""
    for phase in PHASES:
        there = [key for key in phase if cfg.get(key) is not None]
        for key in phase:
            if there and key not in there:
                names = ' and '.join(there)
                yield f'{names} need{"s" * (len(there) == 1)} {key}: set it, or set {names} to None.', tuple(there)


def loop_has_its_length(cfg: Any) -> Iterator[Objection]:
    """A training loop is chosen by ``type`` or ``by_epoch``, and counts either epochs or iterations."""
    loop = cfg.get('train_cfg')
    if loop is None:
        return
    of_unit = LOOP_OF_UNIT.get(loop.get('by_epoch'))
    kind = loop.get('type', of_unit)
    agreed = kind == of_unit and is_upstream(cfg)  # mmengine refuses recipes of its own family that say both
    if ('type' in loop) is ('by_epoch' in loop) and not (agreed and of_unit):
        yield 'train_cfg needs either a type or by_epoch, not both.', ('train_cfg.by_epoch',)
        return
    needed = LENGTH.get(kind.rpartition('.')[2]) if isinstance(kind, str) else None
    if needed and needed not in loop:
        yield f'train_cfg: {kind} needs {needed}.', ('train_cfg',)


def schedule_fits(cfg: Any) -> Iterator[Objection]:
    """A schedule outlasts its warm-up; where it says nothing of its length, it is as long as the training."""
    trained = value_at(cfg, 'train_cfg.max_epochs')
    for place, schedule in schedules(cfg):
        epochs, kind = schedule.get('epochs', trained), str(schedule.get('type')).rpartition('.')[2]
        if epochs is None:
            if kind in OF_THE_WHOLE_RUN:
                yield f'{place}: {kind} needs epochs where train_cfg has no max_epochs.', (place,)
            continue
        may_be_all = kind != 'WarmupCosineLR'
        if sentence := outlasts_training(epochs, schedule.get('warmup_epochs', 0), may_be_all=may_be_all):
            length = f'{place}.epochs' if 'epochs' in schedule else 'train_cfg.max_epochs'
            yield f'{place}: {sentence}', (f'{place}.warmup_epochs', length)


def workers_are_there(cfg: Any) -> Iterator[Objection]:
    """Without workers there is nobody to stay, to prepare batches, or to wait for."""
    for place, loader in loaders(cfg):
        if not loader.get('num_workers'):
            for option in ('persistent_workers', 'prefetch_factor', 'timeout'):
                if loader.get(option) and not (option == 'persistent_workers' and is_upstream(cfg)):  # left out there
                    about = (f'{place}.{option}', f'{place}.num_workers')
                    yield f'{place}: {option}={loader[option]} needs num_workers of at least 1.', about


def data_sets_are_plain(cfg: Any) -> Iterator[Objection]:
    """What data sets are told of their files is of the kind that all of them read, wrapped ones included."""
    for place, loader in loaders(cfg):
        for part, node in walk(loader.get('dataset'), f'{place}.dataset'):
            if isinstance(node, Mapping) and '.pipeline' not in part:
                for option, check in OF_DATA_SETS.items():
                    where = f'{part}.{option}'
                    if option in node and (sentence := bad_value(where, node[option], check)):
                        yield sentence, (where,)


def sizes_divide(cfg: Any) -> Iterator[Objection]:
    """An image splits into patches, and a width into heads."""
    for place, part in walk(cfg.get('model'), 'model'):
        for large, small in DIVIDED_BY.items() if isinstance(part, Mapping) else ():
            whole, divisor = part.get(large), part.get(small)
            if type(whole) is type(divisor) is int and (sentence := not_whole(large, whole, small, divisor)):
                yield f'{place}: {sentence}', (f'{place}.{large}', f'{place}.{small}')


def patches_agree(cfg: Any) -> Iterator[Objection]:
    """A decoder has as many patches as the backbone's image."""
    image, patch = value_at(cfg, 'model.backbone.img_size'), value_at(cfg, 'model.backbone.patch_size')
    place = 'model.neck.num_patches'
    count = value_at(cfg, place)
    if type(image) is type(patch) is type(count) is int and (sentence := other_grid(place, count, image, patch)):
        yield sentence, (place, 'model.backbone.img_size', 'model.backbone.patch_size')


COMBINATIONS: tuple[Callable[[Any], Iterator[Objection]], ...] = (
    components_are_named,
    packages_are_there,
    loop_has_its_length,
    phases_are_complete,
    knn_has_a_bank,
    schedule_fits,
    schedules_end_with_training,
    workers_are_there,
    data_sets_are_plain,
    *IMAGE_SIZE_COMBINATIONS,
    sizes_divide,
    patches_agree,
    crops_fit,
    grey_images_fit,
    there_are_colours,
    *MULTI_CROP_COMBINATIONS,
    *REGION_COMBINATIONS,
    features_have_their_width,
    *MODEL_COMBINATIONS,
)


def loaders(cfg: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield place and options of every data loader."""
    roots = [key for phase in PHASES for key in phase] + ['custom_hooks', 'default_hooks']
    for root in roots:
        for place, node in walk(cfg.get(root), root):
            if isinstance(node, Mapping) and (place in LOADER_KEYS or ('dataset' in node and 'type' not in node)):
                yield place, node


LOADER_KEYS = tuple(phase[0] for phase in PHASES)
