"""What the suffix of a file to be says about its format."""

from __future__ import annotations

from itertools import chain
from pathlib import Path

from sslrecipes.errors import ConfigError

_TORCH = ('.pth', '.pt', '.tar')
_WEIGHTS = ('.safetensors', *_TORCH)
#: Suffixes of each format of an export, and of a conversion; folders have any.
SUFFIXES = {
    'safetensors': ('.safetensors',),
    'pth': _TORCH,
    'official': _TORCH,
    'onnx': ('.onnx',),
    'timm': _WEIGHTS,
    'torchvision': _WEIGHTS,
    'detectron2': ('.pkl', *_TORCH),
    'conversion': _WEIGHTS,
}
#: The formats that a suffix names by itself.
_NAMED = {suffix: name for name in ('safetensors', 'pth', 'onnx') for suffix in SUFFIXES[name]}
_ALL = frozenset(chain.from_iterable(SUFFIXES.values()))


def named_format(out: str | Path) -> str:
    """Return the format of an export that the suffix of ``out`` names.

    Raises:
        ConfigError: It names none.
    """
    suffix = Path(out).suffix.lower()
    if suffix not in _NAMED:
        raise ConfigError(
            f'The suffix of "{out}" names no format: give OUT one of {", ".join(_NAMED)}, or state --format.'
        )
    return _NAMED[suffix]


def check_suffix(out: str | Path, file_format: str) -> None:
    """Check that the suffix of ``out`` doesn't promise another format than the one that is written.

    Raises:
        ConfigError: It does.
    """
    suffix, own = Path(out).suffix.lower(), SUFFIXES.get(file_format)
    if own and suffix in _ALL and suffix not in own:
        raise ConfigError(f'A file "*{suffix}" would be of another format: give OUT one of {", ".join(own)}.')
