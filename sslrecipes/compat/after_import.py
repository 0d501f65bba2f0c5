"""Mend or replace a module of another package when it is imported, without importing it before somebody needs it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from importlib.util import spec_from_file_location
from types import ModuleType

Mend = Callable[[ModuleType], None]

_MENDS: dict[str, Mend] = {}
_REPLACED: dict[str, Mend] = {}


class _Loader(SourceFileLoader):
    """Load a module, then mend it; or only fill it."""

    def exec_module(self, module: ModuleType) -> None:
        if fill := _REPLACED.get(module.__name__):
            fill(module)
            return
        super().exec_module(module)
        _MENDS[module.__name__](module)


class MendFinder(MetaPathFinder):
    """Find the modules that are to be mended or replaced before the usual finders do."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the usual spec with a loader of ours, None for any other module."""
        spec = PathFinder.find_spec(fullname, path) if fullname in _MENDS or fullname in _REPLACED else None
        if spec is None or spec.origin is None:
            return None
        return spec_from_file_location(fullname, spec.origin, loader=_Loader(fullname, spec.origin))


def after_import(name: str, mend: Mend) -> None:
    """Call ``mend`` with the module ``name``: now, if it is there already, else when it has been imported."""
    if name in sys.modules:
        mend(sys.modules[name])
        return
    _MENDS[name] = mend
    _find_them()


def instead_of_import(name: str, fill: Mend) -> None:
    """Let ``fill`` make the contents of the module ``name``, unless it has been imported already."""
    _REPLACED[name] = fill
    _find_them()


def _find_them() -> None:
    if not any(isinstance(finder, MendFinder) for finder in sys.meta_path):
        sys.meta_path.insert(0, MendFinder())
