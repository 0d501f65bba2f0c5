"""PhotoScenes: a small detection and segmentation task without a download, on disk in the layout of COCO and ADE20K."""

from __future__ import annotations

import fcntl
import hashlib
import json
import logging
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.logging import print_log
from numpy.typing import NDArray
from PIL import Image
from rich.console import Console
from rich.progress import track

from sslrecipes.datasets.scene_drawing import SPLITS, Scene, Thing, draw_scene
from sslrecipes.datasets.scene_objects import check_objects, object_classes
from sslrecipes.errors import DataError, StorageError

VERSION = 1
"""Goes up whenever the scenes change; folders of another version are written anew."""
SIZE = 256
"""Side of a picture in pixels."""
COUNTS = (600, 200)
"""Training and validation pictures."""

_META = 'meta.json'
_FILES = (
    'annotations/*.json',
    *(f'{split}/*.jpg' for split in SPLITS),
    *(f'semantic/{split}/*.png' for split in SPLITS),
)


def prepare_photo_scenes(root: str | Path, counts: tuple[int, int] = COUNTS, objects: str = 'digits') -> None:
    """Write the data set if it isn't there yet, whole: a few seconds, once; other processes wait meanwhile.

    ``<root>/{train,val}/*.jpg``, ``annotations/instances_{train,val}.json`` (COCO's format), and
    ``semantic/{train,val}/*.png`` (classes of :func:`~sslrecipes.datasets.scene_drawing.scene_classes`, 255 to be
    ignored).

    Args:
        root: Its folder; it appears complete or not at all.
        counts: Training and validation pictures to write; what is there already is taken as it is.
        objects: ``'digits'``, or ``'stamps'``: what they are made of must be installed while they are written.

    Raises:
        ConfigError: If there are no such objects.
        DataError: If ``root`` is a folder of something else, or the objects aren't there.
        StorageError: If it can't be written.
    """
    root = Path(root).expanduser()
    object_classes(objects)
    if _is_current(root, objects):
        return
    check_objects(objects)
    try:
        root.parent.mkdir(parents=True, exist_ok=True)
        with _locked(root):
            if not _is_current(root, objects):
                _replace(root, counts, objects)
    except OSError as error:
        raise StorageError(f'Cannot write PhotoScenes to "{root}": {error.strerror}.') from error


def check_photo_scenes(root: str | Path, objects: str = 'digits') -> None:
    """Check, at a glance, that the data set is there or could be written.

    Raises:
        ConfigError: If there are no such objects.
        DataError: If what they are made of isn't installed.
    """
    object_classes(objects)
    if not (Path(root).expanduser() / _META).is_file():
        check_objects(objects)


def _is_current(root: Path, objects: str) -> bool:
    """Tell whether the scenes of this version are in ``root``, undamaged; raise if it's a folder of something else."""
    try:
        meta = json.loads((root / _META).read_text())
        current, found = bool(meta['PhotoScenes'] == VERSION), meta.get('objects', 'digits')
        damaged = current and meta.get('files') != _digest(root)
    except (OSError, ValueError, KeyError, TypeError):
        if root.exists() and (not root.is_dir() or any(root.iterdir())):
            raise DataError(
                f'"{root}" holds something else than PhotoScenes: set data_root to a folder that does not exist yet, '
                "or use the data set's own type for it."
            ) from None
        return False
    if found != objects:
        raise DataError(f'"{root}" holds PhotoScenes of {found}, not of {objects}: set data_root to another folder.')
    if damaged:
        print_log(f'"{root}" is damaged or incomplete: its pictures are drawn anew.', 'current', logging.WARNING)
    return current and not damaged


def _digest(root: Path) -> str:
    """The digest of names and content of all files that were written."""
    digest = hashlib.sha256()
    for path in sorted(path for pattern in _FILES for path in root.glob(pattern)):
        content = path.read_bytes()
        digest.update(f'{path.relative_to(root).as_posix()} {len(content)}\n'.encode() + content)
    return digest.hexdigest()


@contextmanager
def _locked(root: Path) -> Iterator[None]:
    """Hold a lock beside ``root``, so that only one process writes."""
    with (root.parent / f'.{root.name}.lock').open('w') as file:
        with suppress(OSError):  # a file system without locks
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _replace(root: Path, counts: tuple[int, int], objects: str) -> None:
    """Write into a folder beside ``root``, then give it that name."""
    with tempfile.TemporaryDirectory(prefix=f'.{root.name}-', dir=root.parent) as folder:
        new = Path(folder) / 'new'
        _write(new, dict(zip(SPLITS, counts, strict=True)), objects)
        if root.exists():
            root.rename(Path(folder) / 'old')
        new.rename(root)


def _write(root: Path, counts: dict[str, int], objects: str) -> None:
    digest = hashlib.sha256()
    for folder in ('annotations', *counts, *(f'semantic/{split}' for split in counts)):
        (root / folder).mkdir(parents=True)
    annotations = {split: _empty_annotations(object_classes(objects)) for split in counts}
    scenes = [(split, index) for split, count in counts.items() for index in range(count)]
    for split, index in track(
        scenes, 'drawing PhotoScenes', console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()
    ):
        scene = draw_scene(split, index, SIZE, objects)
        digest.update(scene.picture.tobytes() + scene.semantic.tobytes())
        Image.fromarray(scene.picture).save(root / split / f'{index:04}.jpg', quality=95)
        Image.fromarray(scene.semantic).save(root / 'semantic' / split / f'{index:04}.png')
        _annotate(annotations[split], index, scene)
    for split, content in annotations.items():
        text = json.dumps(content)
        digest.update(text.encode())
        (root / 'annotations' / f'instances_{split}.json').write_text(text)
    kind = {} if objects == 'digits' else {'objects': objects}  # as before there were others
    meta = {'PhotoScenes': VERSION, **kind, **counts, 'sha256': digest.hexdigest(), 'files': _digest(root)}
    (root / _META).write_text(json.dumps(meta, indent=2) + '\n')


def _empty_annotations(classes: tuple[str, ...]) -> dict[str, list[dict[str, Any]]]:
    categories = [{'id': number, 'name': name} for number, name in enumerate(classes, 1)]
    return {'images': [], 'annotations': [], 'categories': categories}


def _annotate(content: dict[str, list[dict[str, Any]]], index: int, scene: Scene) -> None:
    """Enter a picture and its objects; numbers begin at 1."""
    height, width = scene.semantic.shape
    content['images'].append({'id': index + 1, 'file_name': f'{index:04}.jpg', 'height': height, 'width': width})
    for thing in scene.things:
        number = len(content['annotations']) + 1
        content['annotations'].append({'id': number, 'image_id': index + 1, **_annotation(thing)})


def _annotation(thing: Thing) -> dict[str, Any]:
    """Describe an object by what is visible of it."""
    rows, columns = (np.flatnonzero(thing.mask.any(axis)) for axis in (1, 0))
    top, left = int(rows[0]), int(columns[0])
    return {
        'category_id': thing.label + 1,
        'bbox': [left, top, int(columns[-1]) + 1 - left, int(rows[-1]) + 1 - top],
        'area': int(thing.mask.sum()),
        'iscrowd': 0,
        'segmentation': {'size': list(thing.mask.shape), 'counts': run_lengths(thing.mask)},
    }


def run_lengths(mask: NDArray[np.bool_]) -> list[int]:
    """Return COCO's uncompressed run lengths: of zeros and ones in turn, column by column, zeros first."""
    pixels = np.concatenate([[False], mask.T.ravel(), [False]])
    borders = np.flatnonzero(pixels[1:] != pixels[:-1])
    lengths: list[int] = np.diff(borders, prepend=0, append=mask.size).tolist()
    return lengths if lengths[-1] else lengths[:-1]
