"""The main job of ``tools/quickstart.sh``: a MAE base and a TEC model on it, from photographs to exported weights."""

from __future__ import annotations

import json
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.registry import DefaultScope
from rich.console import Console

import sslrecipes
from sslrecipes.checkpoint.files.superseded import set_aside
from sslrecipes.checkpoint.files.writing import write_atomic
from sslrecipes.commands.test import test
from sslrecipes.commands.train import train
from sslrecipes.config.loading import load_config
from sslrecipes.export.backbone import export_backbone
from sslrecipes.paths.ownership import claim
from sslrecipes.registry import MODELS
from sslrecipes.visualization.curves import plot_curves, read_scalars
from sslrecipes.visualization.tables import markdown_table, number, print_table

CONFIGS = Path(sslrecipes.__file__).parent / '.mim' / 'configs' / 'quickstart'
MAE = 'mae_vit-nano-p4_1xb256-coslr-20e_photo-tiles-32px.py'
TEC = 'tec-mae_vit-nano-p4_1xb256-coslr-12e_photo-tiles-32px.py'
FEATURES = 'vit-nano-p4_knn-linear_photo-tiles-32px.py'
CLASSIFIER = 'vit-nano-p4_tec-pre_1xb256-coslr-10e_photo-tiles-32px.py'
EXPORTED = 'tec_vit-nano-p4.safetensors'
METRICS = ('knn/top1_k20', 'knn/balanced_k20', 'linear/top1', 'linear/balanced')
console = Console()

REPORT = """# Quickstart

Two nano ViTs, pre-trained on tiles of the photographs inside scikit-image and scikit-learn: {minutes:.1f} minutes.

{table}

The linear probe's learning rate is the best of several on the validation tiles. A single run with one seed.

In {folder}: reconstruction.png, loss_curves.png, {exported}, report.md, results.json, and the runs mae/ and tec/.

Next steps:

    tensorboard --logdir {folder}
    python tools/train.py configs/quickstart/tec-mae_vit-nano-p4_1xb256-coslr-12e_photo-tiles-32px.py --dry-run
    python tools/export_backbone.py {folder}/mae/epoch_20.pth mae_vit-nano-p4.safetensors
    bash tools/dist_train.sh configs/tec/tec-mae_vit-base-p16_8xb256-accum2-amp-coslr-300e_in1k.py 8
"""


@dataclass(frozen=True)
class EvaluatedNetwork:
    """What is evaluated: a name, its checkpoint (None: as initialised), and what its training took."""

    name: str
    checkpoint: Path | None = None
    seconds: float | None = None
    images_per_second: float | None = None


@dataclass(frozen=True)
class Result:
    """A row of the table: accuracies in %, ``balanced`` over the classes."""

    network: EvaluatedNetwork
    knn_top1: float
    knn_balanced: float
    linear_top1: float
    linear_balanced: float

    def scores(self) -> list[float]:
        """The accuracies in the order of :data:`METRICS`."""
        return [self.knn_top1, self.knn_balanced, self.linear_top1, self.linear_balanced]

    def cells(self) -> list[str]:
        """The row as text."""
        cost = [self.network.seconds, self.network.images_per_second]
        return [self.network.name, *map(number, self.scores()), *(number(value, 0) for value in cost)]


def run(folder: Path, epochs: int | None = None) -> list[Result]:
    """Do the whole job.

    Args:
        folder: Where everything goes; what an earlier call left in it is kept as ``*.superseded``.
        epochs: Shorter or longer pre-training than the recipes'.
    """
    start = time.monotonic()
    for part in ('mae', 'tec', 'evaluation'):
        make_way(folder / part)
    console.rule('1 of 5  Pre-train the base model: MAE')
    mae = pretrain('MAE base', MAE, folder / 'mae', epochs)
    console.rule('2 of 5  Pre-train on top of it: TEC')
    tec = pretrain('TEC', TEC, folder / 'tec', epochs, base=mae.checkpoint)
    console.rule('3 of 5  Evaluate frozen features: k-NN and linear probe')
    results = [evaluate(network, folder / 'evaluation') for network in (EvaluatedNetwork('random'), mae, tec)]
    console.rule('4 of 5  Export the backbone and load it into a plain mmpretrain classifier')
    assert tec.checkpoint is not None
    print(export_backbone(tec.checkpoint, folder / EXPORTED).summary())
    load_into_classifier(folder / EXPORTED)
    console.rule('5 of 5  Pictures and report')
    draw(folder)
    report(folder, results, time.monotonic() - start)
    return results


def make_way(folder: Path) -> None:
    """Set what an earlier call left in a folder aside.

    Raises:
        StorageError: If that call, or another run, is still going on in it.
    """
    if folder.is_dir():
        claim(folder).withdraw()
        set_aside(folder)


def pretrain(name: str, config: str, folder: Path, epochs: int | None, base: Path | None = None) -> EvaluatedNetwork:
    """Pre-train by a quickstart recipe."""
    cfg = recipe(config, folder, epochs)
    if base:
        cfg.model.target_generator.checkpoint = str(base)
    return timed(name, cfg)


def recipe(config: str, folder: Path, epochs: int | None = None) -> Config:
    """Load a quickstart recipe to be run in ``folder``, with ``epochs`` for another length than its own."""
    cfg = load_config(CONFIGS / config)
    cfg.work_dir = str(folder)
    if epochs:
        cfg.train_cfg.max_epochs = epochs
        cfg.param_scheduler.warmup_epochs = min(cfg.param_scheduler.warmup_epochs, epochs - 1)
    return cfg


def timed(name: str, cfg: Config) -> EvaluatedNetwork:
    """Train and tell what it took."""
    start = time.monotonic()
    train(cfg)
    seconds = time.monotonic() - start
    rates = read_scalars(cfg.work_dir)['images_per_second'].values
    checkpoint = Path(cfg.work_dir, f'epoch_{cfg.train_cfg.max_epochs}.pth')
    return EvaluatedNetwork(name, checkpoint, seconds, sum(rates) / len(rates))


def evaluate(network: EvaluatedNetwork, folder: Path, config: str = FEATURES) -> Result:
    """Score the frozen features of a checkpoint, or of a network as initialised."""
    cfg = load_config(CONFIGS / config)
    cfg.work_dir = str(folder / network.name.split()[0].lower())
    metrics = test(cfg, str(network.checkpoint) if network.checkpoint else None)
    return Result(network, *(metrics[name] for name in METRICS))


def load_into_classifier(weights: Path) -> None:
    """Load exported weights into mmpretrain's own classifier; the coverage report goes to the log."""
    cfg = load_config(CONFIGS / CLASSIFIER).model
    cfg.backbone.init_cfg.checkpoint = str(weights)
    with DefaultScope.overwrite_default_scope('sslrecipes'):
        MODELS.build(cfg).init_weights()


def draw(folder: Path) -> None:
    """Draw the loss curves, and put the last reconstruction beside them."""
    plot_curves({'MAE': folder / 'mae', 'TEC': folder / 'tec'}, folder / 'loss_curves.png')
    pictures = (folder / 'mae' / 'vis').glob('reconstruction_epoch_*.png')
    shutil.copy2(max(pictures, key=lambda path: path.stat().st_mtime), folder / 'reconstruction.png')


def report(folder: Path, results: list[Result], seconds: float) -> None:
    """Print the table, and write it with the next steps to ``report.md`` and ``results.json``."""
    columns = ['model', 'k-NN top-1', 'k-NN balanced', 'linear top-1', 'linear balanced', 'seconds', 'images/s']
    rows = [result.cells() for result in results]
    print_table(console, 'frozen features on validation tiles, %', columns, rows)
    table = markdown_table(columns, rows)
    text = REPORT.format(table=table, minutes=seconds / 60, folder=folder, exported=EXPORTED)
    numbers = [{'model': result.network.name, **dict(zip(METRICS, result.scores(), strict=True))} for result in results]
    write_results(folder, text, {'seconds': seconds, 'results': numbers})
    print(text.split('\n\n', 2)[2])


def write_results(folder: Path, text: str, results: Any, keep_other: bool = True) -> None:
    """Write ``report.md`` and ``results.json``; other ones that are there are kept as ``*.superseded``."""
    write_atomic(
        folder / 'report.md',
        lambda file: file.write_text(text, encoding='utf-8', errors='backslashreplace'),
        keep_other,
    )
    content = json.dumps(results, indent=2) + '\n'
    write_atomic(folder / 'results.json', lambda file: file.write_text(content), keep_other)
