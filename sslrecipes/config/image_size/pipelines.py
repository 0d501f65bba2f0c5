"""The sides of pictures in pipelines: which options state them, and what they become at another size."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Any

from sslrecipes.config.image_size.keys import is_evaluation, kind_of
from sslrecipes.config.picture_size import SIZES, picture_size
from sslrecipes.config.places import children, key_of, value_at, walk
from sslrecipes.config.rules.views import GLOBAL_SIZE, LOCAL_SIZE, NUM_LOCALS

#: Transforms -> the options that are sides in pixels; the last is that of what comes out.
SIDES = {
    **{kind: (option,) for kind, option in SIZES.items() if kind != 'MultiCrop'},
    **dict.fromkeys(('ResizeEdge', 'EfficientNetRandomCrop'), ('scale',)),
    'EfficientNetCenterCrop': ('crop_size',),
    **{f'torchvision/{kind}': ('size',) for kind in ('Resize', 'RandomCrop', 'CenterCrop', 'RandomResizedCrop')},
    'RandomResizedCropAndInterpolationWithTwoPic': ('second_size', 'size'),
}
#: Resizes what a data set gives to another size than its own.
_RESIZE = {'type': 'Resize', 'backend': 'pillow', 'interpolation': 'bicubic'}
_TRAINING = ('train_dataloader',)
_EVALUATION = ('val_dataloader', 'test_dataloader', 'val_cfg', 'test_cfg')
#: A hook that shows what the network in training makes of pictures, so that they have its size.
_SHOWN = 'ReconstructionHook'

Side = tuple[str, int]


@dataclass
class View:
    """Transforms that give one view of a picture.

    Attributes:
        sides: Places of the sides that they state, and these, in their order.
        final: Side of the view; None if they don't state it.
        is_local: Whether they say that it is a local view; without a word the smaller ones are.
    """

    sides: list[Side] = field(default_factory=list)
    final: int | None = None
    is_local: bool = False


def pipelines_of(cfg: Any) -> Iterator[tuple[str, Sequence[Any]]]:
    """Yield the pipelines whose pictures have the size of the recipe, with their places.

    Those of training; in a recipe of a classifier those of evaluation, too.
    """
    shown = [f'custom_hooks{step}' for step, hook in children(cfg.get('custom_hooks')) if kind_of(hook) == _SHOWN]
    for root in (*_TRAINING, *(_EVALUATION if is_evaluation(cfg) else ()), *shown):
        for place, node in walk(value_at(cfg, key_of(root)), root):
            if place.endswith('.pipeline') and _is_list(node):
                yield place, node


def views_of(steps: Sequence[Any], place: str) -> list[View]:
    """What a pipeline at ``place`` makes of a picture, the global views first; one view, unless it says otherwise."""
    before = View()
    for index, step in enumerate(steps):
        at = f'{place}[{index}]'
        forks = [_grown(before, view) for view in _forks(step, at)]
        if forks:
            return forks
        before = _grown(before, _of_step(step, at))
    return [before]


def global_side(views: Sequence[View]) -> int | None:
    """Side of the global views, which are the largest; None if none states one."""
    return max((view.final for view in views if view.final and not view.is_local), default=None)


def has_locals(views: Sequence[View]) -> bool:
    """Whether there are local views."""
    return any(view.is_local for view in views) or len({view.final for view in views}) > 1


def resized(
    steps: Sequence[Any], place: str, side: int | None, local: int | None, patch: int | None
) -> Iterator[tuple[str, int]]:
    """Yield the places of the sides of a pipeline and what they become.

    Everything keeps its proportion to the global view; a local view is rounded to whole patches.

    Args:
        steps: The pipeline.
        place: Where it stands.
        side: Of the global views; as it is if None.
        local: Of the local ones; in proportion if None.
        patch: Side of a patch of the network; None if it has none.
    """
    views = views_of(steps, place)
    now = global_side(views)
    if now is None:
        return
    # the global views come last: theirs is the last word on what all share
    for view in sorted(views, key=lambda view: view.final or now):
        wanted = side or now
        if view.final and (view.is_local or view.final < now):
            wanted = _local_side(view.final, wanted / now, local, patch)
        for where, stated in view.sides:
            yield where, max(1, round(stated * wanted / (view.final or now)))


def with_resize(dataset: Any, steps: Sequence[Any], side: int) -> list[Any] | None:
    """A pipeline that resizes the pictures of a data set that states their size; None if that isn't needed or known."""
    stated = picture_size({'dataset': dataset})
    if stated in (None, side):
        return None
    loads = sum(kind_of(step).startswith('Load') for step in steps)
    return [*steps[:loads], {**_RESIZE, 'scale': side}, *steps[loads:]]


def _local_side(final: int, share: float, local: int | None, patch: int | None) -> int:
    if local or share == 1:
        return local or final
    whole = patch or 1
    return max(whole, round(final * share / whole) * whole)


def _grown(view: View, more: View) -> View:
    return View([*view.sides, *more.sides], more.final or view.final, more.is_local)


def _forks(step: Any, at: str) -> list[View]:
    """The views into which a transform turns a picture; none if it isn't of that kind."""
    kind = kind_of(step)
    if kind == 'MultiView' and _is_list(step.get('transforms')):
        places = ((f'{at}.transforms[{index}]', steps) for index, steps in enumerate(step['transforms']))
        return list(chain.from_iterable(views_of(steps, place) for place, steps in places if _is_list(steps)))
    if kind != 'MultiCrop':
        return []
    globals_ = _of_options(step, at, {'global_size': GLOBAL_SIZE})
    locals_ = replace(_of_options(step, at, {'local_size': LOCAL_SIZE}), is_local=True)
    return [globals_, locals_] if step.get('num_locals', NUM_LOCALS) else [globals_]


def _of_step(step: Any, at: str) -> View:
    return _of_options(step, at, dict.fromkeys(SIDES.get(kind_of(step), ())))


def _of_options(step: Any, at: str, options: Mapping[str, int | None]) -> View:
    view = View()
    for option, default in options.items():
        for place, value in walk(value_at(step, option, default), f'{at}.{option}'):
            if type(value) is int and value > 0:
                view.sides.append((place, value))
                view.final = value
    return view


def _is_list(node: Any) -> bool:
    return isinstance(node, (list, tuple))
