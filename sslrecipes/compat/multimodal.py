"""Leave mmpretrain's multimodal models out beside ``transformers`` 5 and newer.

If ``transformers`` is installed, ``import mmpretrain.models`` imports models that combine pictures with text and derive
from its classes. Some of what they import went with version 5; they take None instead and end the import with
``TypeError: NoneType takes no arguments``. Without ``transformers``, mmpretrain registers placeholders that say what to
install: these stand in here, too. No recipe needs such a model.
"""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from types import ModuleType

from sslrecipes.compat.after_import import after_import

_FIRST_UNFIT = 5


def install() -> None:
    """Switch the multimodal models off, if this ``transformers`` would break them."""
    if is_unfit():
        after_import('mmpretrain.utils.dependency', _switch_off)


def is_unfit() -> bool:
    """Tell whether a ``transformers`` is installed that mmpretrain can't be imported with."""
    try:
        major = version('transformers').partition('.')[0]
    except PackageNotFoundError:
        return False
    return not major.isdigit() or int(major) >= _FIRST_UNFIT


def _switch_off(module: ModuleType) -> None:
    vars(module)['WITH_MULTIMODAL'] = False
