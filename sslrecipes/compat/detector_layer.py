"""Import mmdet's models when somebody needs one, not with mmpretrain's.

``import mmpretrain.models`` imports all of ``mmdet.models``, and with it scikit-learn, SciPy and matplotlib's pyplot,
for one layer of C4 detectors that it registers there (``models/utils/res_layer_extra_norm.py``): a third of that
import's CPU time. The layer waits here until mmdet's models are imported; mmdet's registries, which names such as
``mmdet.CocoMetric`` are looked up in, are there from the beginning.
"""

from __future__ import annotations

import sys
from functools import partial
from importlib import import_module
from importlib.machinery import SourceFileLoader
from types import ModuleType

from sslrecipes.compat.after_import import after_import, instead_of_import

_LAYER = 'ResLayerExtraNorm'
_UTILS = 'mmpretrain.models.utils'


def install() -> None:
    """Let the layer wait."""
    instead_of_import(f'{_UTILS}.res_layer_extra_norm', _wait)


def _wait(module: ModuleType) -> None:
    vars(module)[_LAYER] = None  # what upstream says without mmdet
    try:
        import_module('mmdet.registry')
    except ImportError:
        return
    after_import('mmdet.models', partial(_define, module))


def _define(module: ModuleType, _: ModuleType) -> None:
    """Run the module's own code, now that what it imports is there."""
    SourceFileLoader(module.__name__, str(module.__file__)).exec_module(module)
    if _UTILS in sys.modules:
        vars(sys.modules[_UTILS])[_LAYER] = vars(module)[_LAYER]
