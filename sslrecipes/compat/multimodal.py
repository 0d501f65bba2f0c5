"""Leave mmpretrain's multimodal models out beside ``transformers`` 5 and newer.

If ``transformers`` is installed, ``import mmpretrain.models`` imports models that combine pictures with text and derive
from its classes. Some of what they import went with version 5; they take None instead and end the import with
``TypeError: NoneType takes no arguments``. Without ``transformers``, mmpretrain registers placeholders that say what to
install: these stand in here, too. No recipe needs such a model.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from importlib.metadata import PackageNotFoundError, version
from importlib.util import spec_from_file_location
from types import ModuleType

_SWITCH = 'mmpretrain.utils.dependency'
_FIRST_UNFIT = 5


class _Loader(SourceFileLoader):
    """Load the module that looks for optional packages, then say that those of multimodal models are not there."""

    def exec_module(self, module: ModuleType) -> None:
        super().exec_module(module)
        _switch_off(module)


class SwitchFinder(MetaPathFinder):
    """Find :data:`_SWITCH` before the usual finders do."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the usual spec of the switch with a loader of ours, None for any other name."""
        spec = PathFinder.find_spec(fullname, path) if fullname == _SWITCH else None
        if spec is None or spec.origin is None:
            return None
        return spec_from_file_location(fullname, spec.origin, loader=_Loader(fullname, spec.origin))


def install() -> None:
    """Switch the multimodal models off, if this ``transformers`` would break them."""
    if not is_unfit():
        return
    if _SWITCH in sys.modules:
        _switch_off(sys.modules[_SWITCH])
    elif not any(isinstance(finder, SwitchFinder) for finder in sys.meta_path):
        sys.meta_path.insert(0, SwitchFinder())


def is_unfit() -> bool:
    """Tell whether a ``transformers`` is installed that mmpretrain can't be imported with."""
    try:
        major = version('transformers').partition('.')[0]
    except PackageNotFoundError:
        return False
    return not major.isdigit() or int(major) >= _FIRST_UNFIT


def _switch_off(module: ModuleType) -> None:
    vars(module)['WITH_MULTIMODAL'] = False
