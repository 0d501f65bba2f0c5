"""The fingerprint of a run: what must be the same when it is resumed, lest it silently become another run."""

from __future__ import annotations

import hashlib
import importlib.util
import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.config import Config

from sslrecipes.checkpoint.files.sealing import sha256
from sslrecipes.config.places import children, walk
from sslrecipes.version import __version__

#: What a fingerprint is called in the ``meta`` of checkpoints.
STORED_AS = 'circumstances'
#: Places of a config that don't change what is learned.
HARMLESS = re.compile(
    r'(work_dir|data_root|resume|accept_changes|load_from|launcher|log_level|log_processor|visualizer|vis_backends|env_cfg'
    r'|experiment_name|randomness\.seed|(val|test)_(dataloader|cfg|evaluator)|train_cfg\.val_(begin|interval)'
    r'|default_hooks\.(timer|logger|progress|checkpoint|stop|nonfinite|bad_images|visualization|runtime_info)'
    r'|train_dataloader\.(num_workers|persistent_workers|pin_memory|prefetch_factor|timeout)'
    r'|(train_dataloader|custom_hooks)\S*\.(data_root|data_prefix|ann_file))(\.|\[|$)'
)
LIBRARIES = ('torch', 'onedl-mmengine', 'onedl-mmcv', 'onedl-mmpretrain', 'numpy')
#: Further ones of detectors and segmentors.
LIBRARIES_OF_SCOPE = {
    'mmdet': ('torchvision', 'onedl-mmdetection'),
    'mmseg': ('onedl-mmsegmentation',),
}
#: Images looked at, evenly spaced, to recognise a data set.
PROBES = 4096


def fingerprint(cfg: Config, world_size: int, seed: int) -> dict[str, str]:
    """Describe what a run depends on besides its data, as a flat table.

    Args:
        cfg: Resolved config.
        world_size: Number of processes.
        seed: Seed of process 0.

    Returns:
        Values as text, by place: config entries by their dotted name, versions, digests of the package's source files
        and of the weight files that the model starts from.
    """
    files = {place: file for place, file in weight_files(cfg) if Path(file).is_file()}
    settings = {place: value for place, value in flatten(cfg.to_dict()) if place not in files}
    table = {place: repr(value) for place, value in settings.items() if not HARMLESS.match(place)}
    libraries = LIBRARIES + LIBRARIES_OF_SCOPE.get(cfg.get('default_scope'), ())
    table |= {f'version of {library}': version(library) for library in libraries}
    table |= {'version of sslrecipes': __version__, 'source of sslrecipes': source_digest()}
    table |= {f'content of {name}': digest for name, digest in code_of_projects(cfg)}
    table |= {f'content of {place}': sha256(file)[:12] for place, file in files.items()}
    return table | {'number of processes': str(world_size), 'seed': str(seed)}


def dataset_facts(dataset: Any) -> dict[str, str]:
    """Recognise a data set by its length and by name and label (or pixels) of some thousand of its images."""
    count = len(dataset)
    facts = {'number of images': str(count)}
    if hasattr(dataset, 'get_data_info'):
        root = str(getattr(dataset, 'data_root', '') or '')
        digest = hashlib.sha256()
        for index in np.unique(np.linspace(0, count - 1, PROBES, dtype=int)):
            digest.update(_sample_identity(dataset.get_data_info(int(index)), root))
        facts['names of the images'] = digest.hexdigest()[:12]
    return facts


def differences(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """Return one line per entry that is not the same."""
    return [
        f'{place}: {before.get(place, "(absent)")} -> {now.get(place, "(absent)")}'
        for place in dict.fromkeys([*before, *now])
        if before.get(place) != now.get(place)
    ]


def flatten(node: Any, place: str = '') -> Iterator[tuple[str, Any]]:
    """Yield place and value of every leaf of a config."""
    nested = isinstance(node, (list, tuple)) and any(isinstance(entry, (Mapping, list, tuple)) for entry in node)
    if nested or (isinstance(node, Mapping) and node):
        for step, value in children(node):
            yield from flatten(value, (place + step).removeprefix('.'))
    elif isinstance(node, (set, frozenset)):  # whose order isn't that of the next start
        yield place, sorted(node, key=repr)
    else:
        yield place, list(node) if isinstance(node, tuple) else node


def weight_files(cfg: Config) -> Iterator[tuple[str, str]]:
    """Yield the place and the name of every local weight file that a recipe's model starts from."""
    for part in ('model', 'transfer'):
        for where, value in walk(cfg.get(part) or {}, part):
            if where.endswith(('.checkpoint', '.tokenizer_path')) and isinstance(value, str) and '://' not in value:
                yield where, value


@cache
def source_digest() -> str:
    """Digest of the package's Python files."""
    root = Path(__file__).parents[2]
    digest = hashlib.sha256()
    for name in sorted(str(file.relative_to(root)) for file in root.rglob('*.py')):
        if not name.startswith('.'):  # only a wheel has copies of the recipes in `.mim`
            digest.update(name.encode() + (root / name).read_bytes())
    return digest.hexdigest()[:12]


def code_of_projects(cfg: Config) -> Iterator[tuple[str, str]]:
    """Yield name and digest of the modules that the config imports (``custom_imports``)."""
    modules = cfg.get('custom_imports', {}).get('imports', [])
    for name in [modules] if isinstance(modules, str) else modules:
        spec = importlib.util.find_spec(name)
        if spec and spec.origin and Path(spec.origin).is_file():
            yield name, sha256(spec.origin)[:12]


def _sample_identity(sample: Mapping[str, Any], root: str) -> bytes:
    if name := sample.get('img_path'):
        what = str(name).removeprefix(root).lstrip('/').encode(errors='surrogatepass')
    elif (image := sample.get('img')) is not None:
        what = np.asarray(image).tobytes()
    else:
        what = repr(sorted((key, value) for key, value in sample.items() if isinstance(value, (str, int)))).encode(
            errors='surrogatepass'
        )
    return what + f'\0{sample.get("gt_label")}\0'.encode()
