"""What a job is: its resolved config, the weights it starts from and the data. Equal identities, equal results."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from mmengine.config import Config

from sslrecipes.checkpoint.files.sealing import sha256
from sslrecipes.config.places import key_of, walk
from sslrecipes.engine.restart.fingerprint import differences, flatten, weight_files
from sslrecipes.studies.jobs import Job
from sslrecipes.studies.records import read_record

#: Places of a config that don't change what comes out; data is recognised by its content.
_HARMLESS = re.compile(
    r'(work_dir|resume|accept_changes|launcher|log_level|log_processor|visualizer|vis_backends|env_cfg|experiment_name'
    r'|default_hooks\.(timer|logger|progress|checkpoint|stop|nonfinite|bad_images|visualization|runtime_info)'
    r'|\w+_dataloader\.(num_workers|persistent_workers|pin_memory|prefetch_factor|timeout)'
    r'|\S*\.?(data_root|data_prefix|ann_file))(\.|\[|$)'
)


_DATA = 'data in '


def identity(job: Job) -> dict[str, str]:
    """Describe a job as a flat table: config entries by their place, digests of the weights it starts from, its data.

    Of files that aren't there any more it has what was remembered: who has finished doesn't need them.
    """
    record = read_record(job.folder)
    remembered = record.identity if record else {}
    sources: dict[str, Job | str | None] = {**files_of(job.cfg), **job.weights}
    table = {place: repr(value) for place, value in settings_beside(job.cfg, sources).items()}
    for place, source in sources.items():
        name = f'weights of {place}'
        table[name] = _digest_of(source) or remembered.get(name, 'missing')
    return table | {key: value for key, value in remembered.items() if key.startswith(_DATA)} | data_of(job.cfg)


def changes(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """Say what differs between two identities; data that wasn't there before, such as what a run writes, doesn't."""
    return differences({key: value for key, value in now.items() if key.startswith(_DATA)} | dict(before), now)


def settings(cfg: Config) -> dict[str, Any]:
    """The entries of a config that count, by place."""
    return {place: value for place, value in flatten(cfg.to_dict()) if not _HARMLESS.match(place)}


def settings_beside(cfg: Config, places: Iterable[str]) -> dict[str, Any]:
    """The entries of a config that count, by place, less those at some places and inside them."""
    beside = tuple(places)
    inside = tuple(f'{place}.' for place in beside)
    return {
        place: value
        for place, value in settings(cfg).items()
        if (key := key_of(place)) not in beside and not key.startswith(inside)
    }


def files_of(cfg: Config) -> dict[str, str]:
    """The weight files that a config names, by the key of their place; those of the net are pinned by their address."""
    files = dict(weight_files(cfg))
    if isinstance(cfg.get('load_from'), str) and '://' not in cfg.load_from:
        files['load_from'] = cfg.load_from
    return {key_of(place): file for place, file in files.items()}


def digest(table: Mapping[str, str]) -> str:
    """Short name of an identity."""
    return hashlib.sha256(json.dumps(table, sort_keys=True).encode()).hexdigest()[:12]


def data_of(cfg: Config) -> dict[str, str]:
    """Digests of the folders and annotation files that a config reads, by place, as far as they are there.

    A folder is recognised by the names of its files, a list by its content; embedded data, which is pinned by the
    package, needs nothing.
    """
    found: dict[str, str] = {}
    for place, node in walk(cfg.to_dict()):
        if isinstance(node, Mapping) and ('data_root' in node or 'ann_file' in node):
            where, root = place.removeprefix('.'), Path(str(node.get('data_root') or '')).expanduser()
            for name, folder in _folders(node, root):
                found[f'{_DATA}{where}.{name}'] = _names_below(str(folder.resolve()))
            if node.get('ann_file') and (root / str(node['ann_file'])).is_file():
                found[f'{_DATA}{where}.ann_file'] = _content(root / str(node['ann_file']))
    return found


def _folders(node: Mapping[str, Any], root: Path) -> list[tuple[str, Path]]:
    """The folders of a data set, by the option that names them: parts of ``data_root``, where there are any."""
    prefix = node.get('data_prefix') or node.get('split') or ''
    parts = prefix.items() if isinstance(prefix, Mapping) else [('data_root', prefix)]
    inner = [(key, root / part) for key, part in parts if isinstance(part, str) and part and (root / part).is_dir()]
    return inner or ([('data_root', root)] if node.get('data_root') and root.is_dir() else [])


def _digest_of(source: Job | str | None) -> str | None:
    """Digest of weights, or of the job that makes them; None for a file that isn't there."""
    if source is None:
        return 'random'
    if isinstance(source, Job):
        return digest(identity(source))
    file = Path(source).expanduser()
    return _content(file) if file.is_file() else None


def _content(file: Path) -> str:
    seen = file.stat()
    return _content_then(str(file.resolve()), seen.st_mtime_ns, seen.st_size)


@cache
def _content_then(file: str, changed: int, size: int) -> str:
    return sha256(file)[:12]


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
