"""Views of an image, and the weights of the losses between them."""

from __future__ import annotations

from typing import Any

from sslrecipes.config.rules.checks import Check, number, one_of, several, share, whole

NUM_GLOBALS = 2
#: Sides of the global and the local views in pixels, and the number of the local ones, where ``MultiCrop`` isn't told.
GLOBAL_SIZE, LOCAL_SIZE, NUM_LOCALS = 224, 96, 6
#: Parameters of a colour jitter, in their order.
JITTERS = ('brightness', 'contrast', 'saturation', 'hue')
#: Kinds of views, in the order of their probabilities.
KINDS = ('g1', 'g2', 'locals')
BACKENDS = ('pillow', 'opencv')
INTERPOLATIONS = ('bicubic', 'bilinear')


def too_few_views(num_views: int) -> str | None:
    """A method on several views doesn't get its global ones."""
    if num_views >= NUM_GLOBALS:
        return None
    return f'The method needs {NUM_GLOBALS} global views per image, the data gives {num_views}.'


def other_weights(name: str, num_weights: int, num_locals: int) -> str | None:
    """There isn't a weight for the terms between global views, and one for those with local views if there are any."""
    needed = 2 if num_locals else 1
    if num_weights == needed:
        return None
    return (
        f'{name} has {num_weights} numbers, but {num_locals} local views need {needed}: one for the pairs of global '
        'views, and one for pairs with a local view if there are any.'
    )


def area_share(value: Any) -> str | None:
    """What the least and the largest share of an image's area in a crop may be."""
    if several(number(0), 2)(value) is None and 0 < value[0] <= value[1] <= 1:
        return None
    return '2 values, the least and the largest share of the area, above 0 and no more than 1 (all of the image)'


def jitter_strengths(value: Any) -> str | None:
    """What the strengths of a colour jitter may be."""
    if several(number(0), len(JITTERS))(value) is None and value[-1] <= _LARGEST_HUE:
        return None
    return f'the strengths of {", ".join(JITTERS)}, none below 0 and the last at most {_LARGEST_HUE}'


probability = share


_LARGEST_HUE = 0.5
_of_each_kind = several(probability, len(KINDS))


def probabilities(value: Any) -> str | None:
    """What the probabilities of the kinds of views may be."""
    return None if _of_each_kind(value) is None else f'{len(KINDS)} probabilities, of {", ".join(KINDS)}'


#: What the options of ``MultiCrop`` may be.
MULTI_CROP: dict[str, Check] = {
    'backend': one_of(*BACKENDS),
    'interpolation': one_of(*INTERPOLATIONS),
    'num_locals': whole(0),
    **dict.fromkeys(('global_size', 'local_size'), whole(1)),
    **dict.fromkeys(('global_scale', 'local_scale'), area_share),
    'jitter': jitter_strengths,
    **dict.fromkeys(('blur', 'solarize'), probabilities),
    **dict.fromkeys(('jitter_prob', 'grey_prob', 'flip_prob'), probability),
}
