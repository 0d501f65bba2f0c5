"""Packages that only some exports need."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from sslrecipes.errors import ConfigError


def require(package: str, purpose: str) -> ModuleType:
    """Import a package of the extra ``export``.

    Raises:
        ConfigError: It isn't installed.
    """
    try:
        return import_module(package)
    except ImportError as error:
        raise ConfigError(
            f'{purpose} needs the package "{error.name or package}": run `pip install "sslrecipes[export]"`.'
        ) from error
