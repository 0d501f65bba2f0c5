"""Speed of the multi-crop views on one core, against decoding alone and against plain torchvision in the same run."""

from __future__ import annotations

import io
import random
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
import torch
from mmpretrain.datasets import PackInputs
from PIL import Image, ImageFilter
from rich.console import Console
from rich.table import Table
from torchvision import transforms as tv

from sslrecipes.commands.synthetic import multi_crop_options
from sslrecipes.compat.local_files import read_regular
from sslrecipes.config.loading import load_config
from sslrecipes.datasets.images.bad_samples import reason_of
from sslrecipes.datasets.images.decoding import BadImageError, decode_image
from sslrecipes.datasets.images.scan import list_images
from sslrecipes.datasets.photo_tiles import load_photographs
from sslrecipes.datasets.transforms import MultiCrop
from sslrecipes.datasets.transforms.views import RENDERERS
from sslrecipes.datasets.transforms.views.sampling import MAX_RADIUS, MIN_RADIUS, ViewDistribution
from sslrecipes.errors import ConfigError, DataError

DECODING, PLAIN = 'decoding alone', 'torchvision transforms on Pillow images'
IMAGES_READ = 64
IMAGENET_SIZE = (500, 375)
QUALITY = 95

#: Makes views of the bytes of an image file.
Pipeline = Callable[[bytes], Any]


class Differences(NamedTuple):
    """Absolute differences of pixel values, 0 to 255, between 'pillow' and 'opencv' for equal parameters.

    Attributes:
        mean: Over all pixels of all views.
        percentile: The 99.9th.
        largest: Of all.
    """

    mean: float
    percentile: float
    largest: int


class DataSpeed(NamedTuple):
    """What was measured.

    Attributes:
        images_per_second: Rates of ``DECODING``, ``PLAIN`` and each backend, in CPU time of one core. All but the first
            include decoding.
        differences: Of the backends' pixels.
        rounds: How often each took its turn.
    """

    images_per_second: dict[str, float]
    differences: Differences
    rounds: int


def benchmark_data(config: str | None = None, images: str | None = None, seconds: float = 20.0) -> None:
    """Measure the multi-crop views of a recipe, or of the defaults, and print a table.

    Args:
        config: Recipe with ``MultiCrop``.
        images: Folder of images; by default the embedded photographs.
        seconds: How long to measure.

    Raises:
        UserError: The recipe has no ``MultiCrop``, or an image of the folder is bad.
    """
    options = find_multi_crop(config) if config else {}
    print_data_speed(measure_data(options, read_image_files(images) if images else photographs(), seconds))


def find_multi_crop(config: str | Path) -> dict[str, Any]:
    """Return the options of ``MultiCrop`` in the training data of a recipe.

    Raises:
        ConfigError: If there is none.
    """
    options = multi_crop_options(load_config(config))
    if options is None:
        raise ConfigError(f'"{config}" has no MultiCrop in its train_dataloader: give a recipe of multi-crop views.')
    return options


def photographs() -> list[bytes]:
    """Return the embedded photographs as JPEG files of a size usual in ImageNet."""
    resized = (cv2.resize(photo, IMAGENET_SIZE, interpolation=cv2.INTER_AREA) for photo in load_photographs().values())
    return [cv2.imencode('.jpg', photo, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1].tobytes() for photo in resized]


def read_image_files(folder: str | Path) -> list[bytes]:
    """Read images from all over a folder, up to ``IMAGES_READ``.

    Raises:
        DataError: The folder is missing or holds no image, or one that was read is bad.
    """
    listing = list_images(folder)
    files = []
    for path in listing.paths[:: -(-len(listing.paths) // IMAGES_READ)]:
        try:
            data = read_regular(listing.folder / path)
            decode_image(data)
        except (BadImageError, OSError) as error:
            raise DataError(
                f'"{path}" is bad ({reason_of(error)}): look at the folder with tools/check_data.py.'
            ) from error
        files.append(data)
    return files


def measure_data(options: Mapping[str, Any], images: Sequence[bytes], seconds: float = 20.0) -> DataSpeed:
    """Measure pipelines in turns, so that what else the machine does meets them all.

    Args:
        options: Options of ``MultiCrop``; its ``backend`` is ignored.
        images: Image files.
        seconds: How long to measure, after a first round that doesn't count.
    """
    crops = {name: MultiCrop(**{**options, 'backend': name}) for name in RENDERERS}
    crop = crops['pillow']
    pipelines: dict[str, Pipeline] = {DECODING: decode_image, PLAIN: torchvision_pipeline(crop.views)}
    pipelines |= {name: _pipeline(crop) for name, crop in crops.items()}
    times: dict[str, list[float]] = {name: [] for name in pipelines}
    with one_thread():
        differences = compare_backends(crop.views, [decode_image(data) for data in images])
        end = None
        while end is None or time.perf_counter() < end:
            for name, pipeline in pipelines.items():
                start = time.process_time()
                for data in images:
                    pipeline(data)
                times[name].append(time.process_time() - start)
            end = end or time.perf_counter() + seconds
    rates = {name: len(images) / statistics.median(spent[1:] or spent) for name, spent in times.items()}
    return DataSpeed(rates, differences, max(1, len(times[PLAIN]) - 1))


def torchvision_pipeline(views: Sequence[ViewDistribution]) -> Pipeline:
    """Return the views as written with torchvision's transforms: from the bytes of a file to tensors of bytes."""
    transforms = [torchvision_view(view) for view in views]

    def run(data: bytes) -> list[Any]:
        with Image.open(io.BytesIO(data)) as file:
            picture = file.convert('RGB')
        return [transform(picture) for transform in transforms]

    return run


def torchvision_view(view: ViewDistribution) -> tv.Compose:
    """Return torchvision's transforms for one view."""

    def blurred(picture: Image.Image) -> Image.Image:
        return picture.filter(ImageFilter.GaussianBlur(random.uniform(MIN_RADIUS, MAX_RADIUS)))

    return tv.Compose([
        tv.RandomResizedCrop(view.size, view.scale, interpolation=tv.InterpolationMode.BICUBIC),
        tv.RandomHorizontalFlip(view.flip_prob),
        tv.RandomApply([tv.ColorJitter(*view.jitter)], view.jitter_prob),
        tv.RandomGrayscale(view.grey_prob),
        tv.RandomApply([tv.Lambda(blurred)], view.blur),
        tv.RandomSolarize(128, view.solarize),
        tv.PILToTensor(),
    ])  # fmt: skip


def compare_backends(
    views: Sequence[ViewDistribution], images: Sequence[np.ndarray[Any, Any]], repeats: int = 3
) -> Differences:
    """Compare the backends' pixels over views of decoded images, with the same parameters for both."""
    counts = np.zeros(256, np.int64)
    for image in [*images] * repeats:
        params = [view.draw(*image.shape[:2]) for view in views]
        for one, other in zip(*(render(image, params) for render in RENDERERS.values()), strict=True):
            counts += np.bincount(cv2.absdiff(one, other).ravel(), minlength=256)
    share = counts.cumsum() / counts.sum()
    mean = float(counts @ np.arange(256) / counts.sum())
    return Differences(mean, float(np.searchsorted(share, 0.999)), int(counts.nonzero()[0].max()))


@contextmanager
def one_thread() -> Iterator[None]:
    """Let PyTorch and OpenCV use one thread, as in a data worker."""
    threads = torch.get_num_threads(), cv2.getNumThreads()
    torch.set_num_threads(1)
    cv2.setNumThreads(0)
    try:
        yield
    finally:
        torch.set_num_threads(threads[0])
        cv2.setNumThreads(threads[1])


def _pipeline(crop: MultiCrop) -> Pipeline:
    return lambda data: PackInputs.format_input(crop({'img': decode_image(data)})['img'])


def print_data_speed(speed: DataSpeed) -> None:
    """Print a row per pipeline, and how far the backends' pixels differ."""
    rates = speed.images_per_second
    table = Table('one core', 'images/s', 'share of decoding', 'against torchvision', title='views from image files')
    for name, rate in rates.items():
        label = f'MultiCrop, backend={name!r}' if name in RENDERERS else name
        table.add_row(label, f'{rate:.1f}', f'{rate / rates[DECODING]:.1%}', f'{rate / rates[PLAIN]:.2f} x')
    console = Console(width=100)
    console.print(table)
    mean, percentile, largest = speed.differences
    console.print(
        f'Pixels of opencv against pillow, equal parameters: mean difference {mean:.2f} of 255, 99.9 % within '
        f'{percentile:.0f}, largest {largest}. Medians of {speed.rounds} rounds, in CPU time.'
    )
