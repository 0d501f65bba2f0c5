"""The versions with which the tests have passed: what ``tools/constraints.py`` does."""

from __future__ import annotations

import re
import sys
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

OURS = 'sslrecipes'
#: What torch itself pins, by the kind of its build.
OF_TORCH = re.compile(r'nvidia-|cuda-|triton$')
PYTHONS = ('3.10', '3.11', '3.12', '3.13')
HEAD = """\
# The versions that `bash tools/run_tests.sh` has passed with, on Python {python}; the two commands install them.
# `bash tools/run_tests.sh --newest` takes the newest that setup.cfg allows; then `python tools/constraints.py --write`.
"""


def installed(extras: tuple[str, ...] = ('dev',)) -> dict[str, str]:
    """Versions of everything that the project needs with ``extras``, directly or not, in this environment."""
    found: dict[str, str] = {}
    asked = [(OURS, extras)]
    seen = set(asked)
    for name, wanted in asked:
        try:
            package = distribution(name)
        except PackageNotFoundError:
            continue
        found[name] = package.version
        for line in package.requires or ():
            need = Requirement(line)
            if need.marker is None or any(need.marker.evaluate({'extra': extra}) for extra in (*wanted, '')):
                entry = (canonicalize_name(need.name), tuple(sorted(need.extras)))
                if entry not in seen:
                    seen.add(entry)
                    asked.append(entry)
    return {name: version for name, version in sorted(found.items()) if name != OURS and not OF_TORCH.match(name)}


def marker(name: str) -> str:
    """Say which Pythons a pin is for, if this version of the package doesn't run on all that the project runs on."""
    supported = SpecifierSet(distribution(name).metadata['Requires-Python'] or '')
    first = next(python for python in PYTHONS if supported.contains(f'{python}.99'))
    return '' if first == PYTHONS[0] else f'; python_version >= "{first}"'


def constraints() -> str:
    """The file's text, from this environment."""
    pins = [f'{name}=={Version(version).public}{marker(name)}\n' for name, version in installed().items()]
    return HEAD.format(python='{}.{}'.format(*sys.version_info)) + ''.join(pins)


def moved(file: Path) -> list[str]:
    """A line for each package whose version here isn't the one of ``file``."""
    lines = (line.partition(';')[0].strip() for line in file.read_text().splitlines() if not line.startswith('#'))
    tested = dict(line.split('==') for line in lines if line)
    here = {name: Version(version).public for name, version in installed().items()}
    names = sorted(name for name in tested.keys() | here if tested.get(name) != here.get(name))
    return [f'{name}: tested with {tested.get(name, "none")}, here {here.get(name, "none")}' for name in names]


def keep_constraints(file: Path, write: bool) -> None:
    """Write the versions of this environment to ``file``, or print which of them differ from it."""
    if write:
        file.write_text(constraints())
    else:
        print('\n'.join(moved(file)) or f'every package has the version of {file.name}')
