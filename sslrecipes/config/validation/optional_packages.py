"""Components that need a package which isn't installed with this one."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

from sslrecipes.config.places import Objection, value_at, walk
from sslrecipes.config.validation.option_table import RUNNER_KEYS

_EIGHT_BITS = ('bitsandbytes', 'bitsandbytes')
#: Name of a component -> module that it imports only when it is built or used, and what pip calls the package.
PACKAGES: dict[str, tuple[str, str]] = {
    'WandbVisBackend': ('wandb', 'wandb'),
    'TensorboardVisBackend': ('tensorboard', 'tensorboard'),
    'MLflowVisBackend': ('mlflow', 'mlflow'),
    'ClearMLVisBackend': ('clearml', 'clearml'),
    'NeptuneVisBackend': ('neptune', 'neptune'),
    'DVCLiveVisBackend': ('dvclive', 'dvclive'),
    'AimVisBackend': ('aim', 'aim'),
    'TIMMBackbone': ('timm', 'timm'),
    'TimmClassifier': ('timm', 'timm'),
    'HuggingFaceClassifier': ('transformers', 'transformers'),
    **dict.fromkeys(('Albu', 'Albumentations'), ('albumentations', 'albumentations')),
    'Corrupt': ('imagecorruptions', 'imagecorruptions'),
    'InstaBoost': ('instaboostfast', 'instaboostfast'),
    'COCOCaption': ('pycocoevalcap', 'pycocoevalcap'),
    **dict.fromkeys(('LVISMetric', 'LVISV05Dataset', 'LVISV1Dataset'), ('lvis', 'lvis')),
    **dict.fromkeys(('CityScapesMetric', 'CityscapesMetric'), ('cityscapesscripts', 'cityscapesscripts')),
    'MemoryProfilerHook': ('memory_profiler', 'memory-profiler psutil'),
    **dict.fromkeys(('DAdaptAdaGrad', 'DAdaptAdam', 'DAdaptSGD'), ('dadaptation', 'dadaptation')),
    'Lion': ('lion_pytorch', 'lion-pytorch'),
    'Adafactor': ('transformers', 'transformers'),
    **dict.fromkeys(('AdamW8bit', 'Adam8bit', 'Adagrad8bit', 'PagedAdam8bit', 'PagedAdamW8bit'), _EIGHT_BITS),
    **dict.fromkeys(('RMSprop8bit', 'LAMB8bit', 'LARS8bit', 'Lion8bit', 'PagedLion8bit', 'SGD8bit'), _EIGHT_BITS),
}


def packages_are_there(cfg: Any) -> Iterator[Objection]:
    """A component's package is installed; MMEngine finds out when it builds, or only when it uses, the component."""
    for key in RUNNER_KEYS:
        for place, node in walk(cfg.get(key), key):
            name = value_at(node, 'type')
            module, package = PACKAGES.get(str(name).rpartition('.')[2], ('', ''))
            if module and not is_installed(module):
                needed = f'{name} needs the package "{module}", which is not installed'
                yield f'{place}: {needed}: run `pip install {package}`.', (f'{place}.type',)


def is_installed(module: str) -> bool:
    """Tell whether there is a module of that name, without importing it."""
    try:
        return find_spec(module) is not None
    except ValueError:  # it is imported, but nobody knows from where
        return sys.modules.get(module) is not None
