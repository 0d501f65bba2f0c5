"""What the config files below ``configs/`` are: recipes, parts that recipes inherit, or studies of several recipes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

#: Folders of configs that are no recipes.
NO_RECIPES = frozenset(('_base_', 'studies'))


def recipes_below(root: Path) -> Iterator[Path]:
    """Yield the recipes below the ``configs`` of a repository, sorted."""
    configs = root / 'configs'
    yield from (path for path in sorted(configs.rglob('*.py')) if path.relative_to(configs).parts[0] not in NO_RECIPES)


def is_study(cfg: Mapping[str, Any]) -> bool:
    """Whether a config compares trainings, rather than being one."""
    return 'stages' in cfg and 'model' not in cfg
