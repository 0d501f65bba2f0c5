"""What ``tools/quickstart.sh --transfer`` does: a backbone, pre-trained or not, detects and segments PhotoScenes."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from math import ceil
from pathlib import Path
from typing import Any

from mmengine.config import Config
from rich.console import Console

from sslrecipes.commands.launch import build_runner, keep_freed_memory
from sslrecipes.commands.quickstart import CONFIGS, make_way, pretrain, write_results
from sslrecipes.config.loading import load_config
from sslrecipes.datasets.scene_drawing import Picture
from sslrecipes.engine.runner import SSLRunner
from sslrecipes.transfer.loading import load_backbone
from sslrecipes.transfer.scene_pictures import class_maps, object_pictures
from sslrecipes.transfer.verify import verify_backbone
from sslrecipes.visualization.curves import plot_curves
from sslrecipes.visualization.predictions import detections, predictions, save_side_by_side, segmentations
from sslrecipes.visualization.tables import markdown_table, number, print_table

PRETRAINING = 'dino-sslight_resnet-nano_1xb128-coslr-12e_photo-tiles-48px.py'
RANDOM, SSL = INITS = ('random init', 'SSL')
COLUMNS = ('backbone', 'box AP', 'mask AP', 'mIoU', 'seconds of detector', 'of segmentor')
PICTURES = 4
console = Console()

REPORT = """# Transfer

Mask R-CNN and UPerNet on PhotoScenes, each from a random and from a pre-trained backbone, with the same schedule,
seed, heads at the start and order of pictures: {minutes:.1f} minutes, {pretraining}.

{table}

AP of COCO (IoU .5 to .95) and mIoU on the validation scenes, %. One run each, one seed.

{proof}

In {folder}: objects.png, maps.png, mask-rcnn_loss.png, upernet_loss.png, report.md, results.json, and the runs.

Next steps:

    python tools/train.py configs/quickstart/transfer/{detector} \\
        --cfg-options transfer.checkpoint={checkpoint} --verify
    python tools/train.py --dry-run \\
        configs/sslight/transfer/mask-rcnn_resnet18-fpn_dino-sslight-pre_8xb2-multisteplr-90k_coco.py
"""


@dataclass(frozen=True)
class Task:
    """What a backbone is tried on.

    Attributes:
        name: Of the folder and in messages.
        config: Recipe, below ``configs/quickstart/``.
        metrics: What its validation measures -> the factor that makes it per cent.
        draw: Draws predictions, given the data set's ``metainfo``.
    """

    name: str
    config: str
    metrics: Mapping[str, float]
    draw: Callable[[list[Any], Mapping[str, Any]], list[Picture]]


DETECTION = Task(
    'mask-rcnn',
    'transfer/mask-rcnn_resnet-nano-fpn_dino-sslight-pre_1xb8-multisteplr-1k_photo-scenes-128px.py',
    {'coco/bbox_mAP': 100, 'coco/segm_mAP': 100},
    detections,
)
SEGMENTATION = Task(
    'upernet',
    'transfer/upernet_resnet-nano_dino-sslight-pre_1xb8-polylr-1k_photo-scenes-128px.py',
    {'mIoU': 1},
    segmentations,
)


@dataclass(frozen=True)
class Outcome:
    """What came of one training: the task's metrics in %, its duration, and drawn predictions."""

    scores: list[float]
    seconds: float
    pictures: list[Picture]
    proof: str | None


@dataclass(frozen=True)
class Row:
    """A line of the table: scores in % on validation scenes, and the seconds that the trainings took."""

    backbone: str
    box_ap: float
    mask_ap: float
    miou: float
    detector_seconds: float
    segmentor_seconds: float

    def cells(self) -> list[str]:
        """The line as text."""
        scores, seconds = (self.box_ap, self.mask_ap, self.miou), (self.detector_seconds, self.segmentor_seconds)
        return [self.backbone, *map(number, scores), *(number(value, 0) for value in seconds)]


def run(folder: Path, epochs: int | None = None, iterations: int | None = None) -> list[Row]:
    """Do the whole job.

    Args:
        folder: Where everything goes. A finished pre-training of an earlier run in it is used again, all else is kept
            as ``*.superseded``.
        epochs: Shorter or longer pre-training than the recipe's.
        iterations: Shorter or longer training of detectors and segmentors than the recipes'.
    """
    start = time.monotonic()
    console.rule('1 of 4  Pre-train: DINO with the views of SSLight')
    checkpoint, pretraining = pretrained(folder / 'pretraining', epochs)
    outcomes = {}
    for step, task in enumerate((DETECTION, SEGMENTATION), start=2):
        for init in INITS:
            console.rule(f'{step} of 4  {task.name}: {init}')
            outcomes[task.name, init] = transfer(task, init, checkpoint, folder, iterations)
    console.rule('4 of 4  Pictures and report')
    draw(folder, outcomes)
    rows = [row_of(init, outcomes[DETECTION.name, init], outcomes[SEGMENTATION.name, init]) for init in INITS]
    proof = '\n\n'.join(outcome.proof for outcome in outcomes.values() if outcome.proof)
    report(folder, rows, time.monotonic() - start, pretraining=pretraining, proof=proof, checkpoint=checkpoint)
    return rows


def pretrained(folder: Path, epochs: int | None) -> tuple[Path, str]:
    """Pre-train unless it has been done.

    Returns:
        The checkpoint, and how long it took, in words.
    """
    checkpoint = folder / f'epoch_{epochs or load_config(CONFIGS / PRETRAINING).train_cfg.max_epochs}.pth'
    if checkpoint.is_file():
        console.print(f'There is {checkpoint} already; delete {folder} to pre-train anew.', markup=False)
        return checkpoint, 'without the pre-training, which was there already'
    make_way(folder)
    seconds = pretrain('DINO', PRETRAINING, folder, epochs).seconds
    return checkpoint, f'of which {number(seconds, 0)} seconds pre-training'


def transfer(task: Task, init: str, checkpoint: Path, folder: Path, iterations: int | None) -> Outcome:
    """Train a detector or segmentor, and let it predict a few scenes.

    Args:
        task: What is trained.
        init: One of `INITS`.
        checkpoint: What the backbone starts from if that is `SSL`.
        folder: The run goes to ``<task>/<init>`` in it.
        iterations: Length instead of the recipe's.
    """
    cfg = load_config(CONFIGS / task.config)
    cfg.work_dir = str(folder / task.name / init.replace(' ', '-'))
    cfg.transfer.checkpoint = str(checkpoint) if init == SSL else None
    if iterations:
        shorten(cfg, iterations)
    make_way(Path(cfg.work_dir))
    start = time.monotonic()
    keep_freed_memory()
    runner = build_runner(cfg, 'train')
    proof = prove(runner) if cfg.transfer.checkpoint else None
    runner.train()
    seconds = time.monotonic() - start
    scores = [factor * runner.message_hub.get_scalar(f'val/{name}').current() for name, factor in task.metrics.items()]
    samples = predictions(runner.model, runner.val_dataloader, PICTURES)
    return Outcome(scores, seconds, task.draw(samples, runner.val_dataloader.dataset.metainfo), proof)


def shorten(cfg: Config, iterations: int) -> None:
    """Change the length of a recipe, and of its schedules in proportion."""
    length = cfg.train_cfg.max_iters
    cfg.train_cfg.max_iters = cfg.train_cfg.val_interval = iterations
    for schedule in cfg.param_scheduler:
        for name in schedule.keys() & {'begin', 'end'}:
            schedule[name] = ceil(schedule[name] * iterations / length)
        if 'milestones' in schedule:
            schedule.milestones = [one * iterations // length for one in schedule.milestones]
    cfg.default_hooks.logger.interval = min(cfg.default_hooks.logger.interval, iterations)


def prove(runner: SSLRunner) -> str:
    """Load the backbone and compare its features with the pre-trained network's; the findings in words.

    Training loads it once more; the rest of the model is not touched.
    """
    settings = runner.cfg.transfer
    coverage = load_backbone(runner.model, **settings)
    assert coverage is not None
    check = verify_backbone(runner.model, **settings)
    print(check.summary())
    return (
        f'{type(runner.model).__name__}: {len(coverage.loaded)} of {coverage.wanted} weights of the backbone come from '
        f'the checkpoint; its features differ from those of the pre-trained network by at most {check.difference:.1e}.'
    )


def row_of(init: str, detector: Outcome, segmentor: Outcome) -> Row:
    """Make the line of a backbone."""
    (box_ap, mask_ap), (miou,) = detector.scores, segmentor.scores
    return Row(init, box_ap, mask_ap, miou, detector.seconds, segmentor.seconds)


def draw(folder: Path, outcomes: Mapping[tuple[str, str], Outcome]) -> None:
    """Put truth and predictions side by side, and draw the loss curves."""
    root = load_config(CONFIGS / DETECTION.config).val_dataloader.dataset.data_root
    for task, name, truth in ((DETECTION, 'objects', object_pictures), (SEGMENTATION, 'maps', class_maps)):
        columns = {init: outcomes[task.name, init].pictures for init in INITS}
        save_side_by_side({'truth': truth(root, 'val', PICTURES), **columns}, folder / f'{name}.png')
        runs = {init: folder / task.name / init.replace(' ', '-') for init in INITS}
        plot_curves(runs, folder / f'{task.name}_loss.png', keys=['loss'])


def report(folder: Path, rows: list[Row], seconds: float, **details: Any) -> None:
    """Print the table, and write it to ``report.md`` and ``results.json``."""
    cells = [row.cells() for row in rows]
    print_table(console, 'on validation scenes, %', COLUMNS, cells)
    table = markdown_table(COLUMNS, cells)
    detector = Path(DETECTION.config).name
    text = REPORT.format(table=table, minutes=seconds / 60, folder=folder, detector=detector, **details)
    write_results(folder, text, {'seconds': seconds, 'results': [asdict(row) for row in rows]})
    print(text.split('\n\n', 3)[3])
