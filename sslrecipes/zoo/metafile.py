"""Read a metafile so that it means the same to every YAML library."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from sslrecipes.errors import ConfigError

_MERGE = 'tag:yaml.org,2002:merge'


class _StrictLoader(yaml.SafeLoader):
    """YAML's safe loader without what libraries read in different ways.

    Of several mappings merged at once (``<<: [*a, *b]``) the first one's keys win by the specification, and the last
    one's in PyYAML 6.0.4; of a key given twice the last value silently wins.
    """

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        """Compose a mapping as it is written, and refuse what is ambiguous."""
        node: yaml.MappingNode = super().compose_mapping_node(anchor)
        seen = set()
        for key, value in node.value:
            if key.tag == _MERGE and not isinstance(value, yaml.MappingNode):
                raise _problem('"<<" must name one mapping', key)
            if key.value in seen:
                raise _problem(f'the key "{key.value}" is given twice', key)
            if isinstance(key, yaml.ScalarNode):
                seen.add(key.value)
        return node


def read_metafile(path: Path) -> Any:
    """Read one ``metafile.yml`` or ``model-index.yml``.

    Raises:
        ConfigError: If it is missing, no YAML, merges a list of mappings or gives a key twice; naming file and line.
    """
    try:
        return yaml.load(path.read_text(encoding='utf-8'), _StrictLoader)
    except yaml.MarkedYAMLError as error:
        line = f':{error.problem_mark.line + 1}' if error.problem_mark else ''
        raise ConfigError(f'{path}{line}: {error.problem}.') from error
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise ConfigError(f"{path} can't be read: {error}.") from error


def items(content: Any, key: str, where: object) -> list[Any]:
    """Return the list that a mapping has below ``key``.

    Raises:
        ConfigError: If there is none; the sentence begins with ``where``.
    """
    found = content.get(key) if isinstance(content, Mapping) else None
    if not isinstance(found, list):
        raise ConfigError(f'{where}: "{key}" must be there, and be a list.')
    return found


def _problem(words: str, node: yaml.Node) -> yaml.MarkedYAMLError:
    return yaml.constructor.ConstructorError(problem=words, problem_mark=node.start_mark)
