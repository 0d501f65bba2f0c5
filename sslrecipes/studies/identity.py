"""What a job is: its resolved config, the weights it starts from and the data. Equal identities, equal results."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from mmengine.config import Config

from sslrecipes.checkpoint.files.sealing import sha256
from sslrecipes.config.places import walk
from sslrecipes.engine.restart.fingerprint import flatten
from sslrecipes.studies.jobs import Job

#: Places of a config that don't change what comes out; data is recognised by its content.
_HARMLESS = re.compile(
    r'(work_dir|resume|accept_changes|launcher|log_level|log_processor|visualizer|vis_backends|env_cfg|experiment_name'
    r'|default_hooks\.(timer|logger|progress|checkpoint|stop|nonfinite|bad_images|visualization|runtime_info)'
    r'|\w+_dataloader\.(num_workers|persistent_workers|pin_memory|prefetch_factor|timeout)'
    r'|\S*\.?(data_root|data_prefix|ann_file))(\.|\[|$)'
)


def identity(job: Job) -> dict[str, str]:
    """Describe a job as a flat table: config entries by their place, and digests of the weights it starts from."""
    table = {place: repr(value) for place, value in settings(job.cfg).items()}
    for place, source in job.weights.items():
        for inner in [key for key in table if key == place or key.startswith(f'{place}.')]:
            del table[inner]
        table[f'weights of {place}'] = _digest_of(source)
    return table


def settings(cfg: Config) -> dict[str, Any]:
    """The entries of a config that count, by place."""
    return {place: value for place, value in flatten(cfg.to_dict()) if not _HARMLESS.match(place)}


def digest(table: Mapping[str, str]) -> str:
    """Short name of an identity."""
    return hashlib.sha256(json.dumps(table, sort_keys=True).encode()).hexdigest()[:12]


def data_of(cfg: Config) -> dict[str, str]:
    """Digests of the folders and annotation files that a config's loaders read, as far as they are there.

    A folder is recognised by the names of its files, a list by its content; embedded data, which is pinned by the
    package, needs nothing.
    """
    found: dict[str, str] = {}
    for key in [key for key in cfg if key.endswith(('_dataloader', '_cfg'))]:
        for _, node in walk(cfg[key]):
            if isinstance(node, Mapping) and ('data_root' in node or 'ann_file' in node):
                root, file = str(node.get('data_root') or ''), str(node.get('ann_file') or '')
                if root and Path(root).is_dir():
                    found[root] = _names_below(str(Path(root).resolve()))
                if file and Path(root, file).is_file():
                    found[str(Path(root, file))] = sha256(Path(root, file))[:12]
    return found


def _digest_of(source: Job | str | None) -> str:
    if source is None:
        return 'random'
    if isinstance(source, Job):
        return digest(identity(source))
    return sha256(source)[:12] if Path(source).is_file() else 'missing'


@cache
def _names_below(root: str) -> str:
    digest, count = hashlib.sha256(), 0
    for name in _files(root):
        digest.update(os.fsencode(name) + b'\0')
        count += 1
    return f'{count} files {digest.hexdigest()[:12]}'


def _files(folder: str) -> Iterator[str]:
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            if entry.is_dir():
                yield from (f'{entry.name}/{name}' for name in _files(entry.path))
            else:
                yield entry.name
