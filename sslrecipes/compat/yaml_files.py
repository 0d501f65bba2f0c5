"""Let YAML files that MMEngine loads hold values only.

Upstream (mmengine 0.10.12, ``fileio/handlers/yaml_handler.py``): ``mmengine.load`` takes PyYAML's full loader, which
runs whatever a tag such as ``!!python/object/apply:os.system`` asks for. Configs and annotation files come this way.
"""

from __future__ import annotations

from typing import Any

import yaml
from mmengine.fileio.handlers import YamlHandler
from mmengine.fileio.handlers.registry_utils import file_handlers


def install() -> None:
    """Replace the handler; a second call changes nothing."""
    file_handlers.update(yaml=PlainYaml(), yml=PlainYaml())


class PlainYaml(YamlHandler):  # type: ignore[misc]
    """Reads YAML without tags that name Python objects."""

    def load_from_fileobj(self, file: Any, **_: Any) -> Any:
        """Read a file.

        Raises:
            ValueError: It asks for more than values, or is no YAML.
        """
        try:
            return yaml.load(file, getattr(yaml, 'CSafeLoader', yaml.SafeLoader))
        except yaml.YAMLError as error:
            raise ValueError(f'it is no YAML of plain values ({" ".join(str(error).split())})') from error
