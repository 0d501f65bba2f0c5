"""Look at the maps of a segmentation data set before mmseg does, which drops pictures and misreads labels silently."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from sslrecipes.compat.image_names import is_image
from sslrecipes.compat.local_files import read_regular, walk
from sslrecipes.datasets.preflight.annotation_lists import check_listed_files, read_names
from sslrecipes.datasets.preflight.dataset_options import (
    annotation_file,
    argument_of,
    classes_of,
    classes_of_type,
    listed_names,
    prefix_folder,
)
from sslrecipes.datasets.preflight.remarks import Remark
from sslrecipes.errors import DataError, counted

#: Maps that are opened, evenly spaced: reading all of a large data set would take minutes.
LOOKS = 32
#: What mmseg's heads leave out unless they are told otherwise.
IGNORED = 255
UNREADABLE = (OSError, SyntaxError, ValueError, Image.DecompressionBombError)
_TRAINING = 'train_dataloader.'
_ORIENTATION = 0x0112  # EXIF: values from 5 on swap width and height


class UnreadableFileError(DataError):
    """A picture or a map can't be read: a training replaces its sample, and counts it."""


def check_maps(cfg: Mapping[str, Any], key: str) -> list[Remark]:
    """Check that each picture has a map, and the pixels of some maps.

    Args:
        cfg: Config of a data set of mmseg.
        key: Its place in the config file.

    Returns:
        What is odd, but may be meant.

    Raises:
        DataError: A folder, picture or map is missing, or a map is in colour, damaged, of another size than its
            picture or has labels that aren't classes. A file of a training set that can't be read is a remark.
    """
    images, maps = (prefix_folder(cfg, name, key) for name in ('img_path', 'seg_map_path'))
    suffix, map_suffix = (argument_of(cfg, name, 'mmseg') for name in ('img_suffix', 'seg_map_suffix'))
    if suffix is None or map_suffix is None:
        return []
    remarks: list[Remark] = []
    if cfg.get('ann_file'):
        path = annotation_file(cfg, key)
        names = [line.strip() for line in read_names(path, f'{key}.ann_file')]
        check_listed_files(path, images, (name + suffix for name in names), f'{key}.data_prefix.img_path')
    else:
        path, (names, remarks) = images, _pictures(images, suffix, map_suffix, key)
    if not names:
        raise DataError(f'There is no image "*{suffix}" for {key} in "{images}": set {key}.data_prefix.img_path.')
    place = f'{key}.data_prefix.seg_map_path'
    check_listed_files(path, maps, (name + map_suffix for name in names), place, 'segmentation map')
    if not _loaded_by_mmseg(cfg, key):
        return remarks
    files = {name: (images / f'{name}{suffix}', maps / f'{name}{map_suffix}') for name in names}
    return [*remarks, *_check_pixels(cfg, files, f'segmentation maps in "{maps}"', key)]


def _check_pixels(
    cfg: Mapping[str, Any], files: Mapping[str, tuple[Path, Path]], what: str, key: str
) -> Iterator[Remark]:
    """Look at some of the maps, with the pictures they belong to."""
    names = list(files)
    looked_at = [names[i] for i in np.unique(np.linspace(0, len(names) - 1, LOOKS, dtype=int))]
    share = f'{len(looked_at)} of {len(names)} {what} looked at'
    found, unreadable = {}, list[UnreadableFileError]()
    for name in looked_at:
        try:
            found[name] = _labels_of(*files[name])
        except UnreadableFileError as error:
            if not key.startswith(_TRAINING):
                raise
            unreadable.append(error)
    if not found:
        raise unreadable[0]
    _check_labels(cfg, found, share, key)
    if unreadable:
        yield Remark(
            f'{counted(len(unreadable), "file")} cannot be read ({share}), the training replaces them: {unreadable[0]}'
        )
    yield Remark(f'{share}.', logging.INFO)


def _pictures(folder: Path, suffix: str, map_suffix: str, key: str) -> tuple[list[str], list[Remark]]:
    """List the pictures without their suffix, as mmseg does, and tell of those that it leaves out."""
    files = [Path(parent, name).relative_to(folder) for parent, names in walk(folder) for name in names]
    paths = [path.as_posix() for path in files]
    others = [path for path in paths if is_image(path) and not path.endswith((suffix, map_suffix))]
    remark = (
        f'{len(others)} of the pictures in "{folder}" are left out, as their names do not end in "{suffix}", such as '
        f'"{others[0] if others else ""}": rename them, or set {key}.img_suffix.'
    )
    names = sorted(path.removesuffix(suffix) for path in paths if path.endswith(suffix))
    return names, [Remark(remark)] if others else []


def _loaded_by_mmseg(cfg: Mapping[str, Any], key: str) -> bool:
    """Tell whether mmseg's own transform loads the maps, so that what it does to labels is known here."""
    loading = [step for step in cfg.get('pipeline', ()) if 'Annotations' in str(step.get('type'))]
    if [str(step['type']).rpartition('.')[2] for step in loading] != ['LoadAnnotations']:
        return False
    if loading[0].get('reduce_zero_label') not in (None, _is_reduced(cfg)):
        raise DataError(f'{key}: reduce_zero_label of the data set and of LoadAnnotations differ: set the former only.')
    return True


def _is_reduced(cfg: Mapping[str, Any]) -> bool:
    """Tell whether 0 is ignored and the other labels are one less than in the file."""
    return bool(argument_of(cfg, 'reduce_zero_label', 'mmseg'))


def _check_labels(cfg: Mapping[str, Any], found: Mapping[str, set[int]], share: str, key: str) -> None:
    """Compare the labels of some maps with the classes."""
    count, first = _number_of_labels(cfg, key), int(_is_reduced(cfg))
    if count is None:
        return
    known = {*range(first, count + first), IGNORED, argument_of(cfg, 'ignore_index', 'mmseg'), *range(first)}
    for name, labels in found.items():
        if wrong := sorted(labels - known):
            raise DataError(
                f'The segmentation map of "{name}" has the label {wrong[0]}, but {key} has {count} classes, {first} to '
                f'{count + first - 1}, and {IGNORED} for what is ignored ({share}): set metainfo.classes, or mend them.'
            )
    every = set().union(*found.values())
    if count > 1 and every == {0, IGNORED}:
        raise DataError(
            f'Segmentation maps have the labels 0 and {IGNORED} only ({share}), but {IGNORED} is ignored, so nothing '
            f'but class 0 would be learnt: write the {count} classes of {key} as {first} to {count + first - 1}.'
        )


def _number_of_labels(cfg: Mapping[str, Any], key: str) -> int | None:
    """Return how many labels the maps may have: those of the type, of which a config may select some."""
    known, wanted = classes_of_type(cfg, 'mmseg'), classes_of(cfg, 'mmseg')
    for name in wanted or () if known else ():
        if name not in (known or ()):
            raise DataError(f'{key}: {cfg["type"]} has no class "{name}", but {listed_names(known or ())}.')
    classes = known or wanted
    return len(classes) if classes else None


def _labels_of(picture: Path, path: Path) -> set[int]:
    """Read a map as mmseg does."""
    try:
        with Image.open(BytesIO(read_regular(path))) as image:
            labels, mode = np.asarray(image).squeeze(), image.mode
    except UNREADABLE as error:
        raise UnreadableFileError(f'The segmentation map "{path}" cannot be read: {error}.') from error
    if labels.ndim != 2:
        raise DataError(f'The segmentation map "{path}" holds colours ({mode}), not one label for each pixel.')
    height, width = labels.shape
    if (width, height) not in (sizes := _sizes(picture)):
        raise DataError(
            f'The segmentation map "{path}" has {width} x {height} pixels, but its picture "{picture}" '
            f'{sizes[0][0]} x {sizes[0][1]}.'
        )
    return {int(label) for label in np.unique(labels)}


def _sizes(picture: Path) -> list[tuple[int, int]]:
    """Read from the header which (width, height) a map may have: that of the file or, if it is turned, of the view."""
    try:
        with Image.open(BytesIO(read_regular(picture))) as image:
            size, turned = image.size, image.getexif().get(_ORIENTATION, 1) > 4
    except UNREADABLE as error:
        raise UnreadableFileError(f'The picture "{picture}" cannot be read: {error}.') from error
    return [size, size[::-1]] if turned else [size]
