"""PhotoScenes for mmdet and mmseg, which read it from disk as they read COCO and ADE20K."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from mmdet.datasets import CocoDataset
from mmseg.datasets import BaseSegDataset

from sslrecipes.datasets.photo_scenes import prepare_photo_scenes
from sslrecipes.datasets.scene_drawing import CLASSES, IGNORED, STUFF, THINGS, scene_classes
from sslrecipes.datasets.scene_objects import object_classes
from sslrecipes.errors import ConfigError
from sslrecipes.registry import DATASETS

_STUFF_COLOURS = [
    (156, 102, 102), (90, 120, 70), (130, 130, 130), (225, 225, 210),
    (190, 150, 100), (70, 75, 100), (25, 25, 60), (170, 170, 190),
]  # fmt: skip
_THING_COLOURS = [
    (230, 25, 75), (60, 180, 75), (255, 225, 25), (0, 130, 200), (245, 130, 48),
    (145, 30, 180), (70, 240, 240), (240, 50, 230), (210, 245, 60), (250, 190, 212),
]  # fmt: skip
assert len(_STUFF_COLOURS) == len(STUFF)


@DATASETS.register_module()
class PhotoScenesDetection(CocoDataset):
    """Boxes and masks of the objects in :func:`~sslrecipes.datasets.photo_scenes.prepare_photo_scenes`.

    Args:
        data_root: Folder of the data set; it is written on first use.
        objects: ``'digits'`` or ``'stamps'``.
        **kwargs: Of mmdet's ``CocoDataset``.
    """

    METAINFO: ClassVar[dict[str, Any]] = {'classes': THINGS, 'palette': _THING_COLOURS}

    def __init__(self, data_root: str = 'data/photo_scenes', objects: str = 'digits', **kwargs: Any) -> None:
        prepare_photo_scenes(data_root, objects=objects)
        super().__init__(data_root=data_root, **_with_classes(object_classes(objects), kwargs))


@DATASETS.register_module()
class PhotoScenesSegmentation(BaseSegDataset):
    """Classes of textures and objects in :func:`~sslrecipes.datasets.photo_scenes.prepare_photo_scenes`.

    Args:
        data_root: Folder of the data set; it is written on first use.
        objects: ``'digits'`` or ``'stamps'``.
        **kwargs: Of mmseg's ``BaseSegDataset``.
    """

    METAINFO: ClassVar[dict[str, Any]] = {'classes': CLASSES, 'palette': [*_STUFF_COLOURS, *_THING_COLOURS]}

    def __init__(self, data_root: str = 'data/photo_scenes', objects: str = 'digits', **kwargs: Any) -> None:
        prepare_photo_scenes(data_root, objects=objects)
        self._known = scene_classes(objects)
        super().__init__(data_root=data_root, **_with_classes(self._known, kwargs))

    def get_label_map(self, new_classes: Sequence[str]) -> dict[int, int] | None:
        """Relate labels of the maps to those of the classes that are used; upstream's asks the class, not its objects.

        Raises:
            ConfigError: A class isn't in the maps.
        """
        used = list(new_classes)
        if unknown := [name for name in used if name not in self._known]:
            raise ConfigError(f'PhotoScenes has no class "{unknown[0]}", but {", ".join(self._known)}.')
        if used == list(self._known):
            return None
        return {label: used.index(name) if name in used else IGNORED for label, name in enumerate(self._known)}


def _with_classes(classes: tuple[str, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    """Name the classes, unless ``metainfo`` selects from them."""
    return {**kwargs, 'metainfo': {'classes': classes, **(kwargs.get('metainfo') or {})}}
