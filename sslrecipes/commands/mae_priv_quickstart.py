"""What ``tools/quickstart.sh --mae-priv`` does: both variants of MAE-priv, from photographs to pictures."""

from __future__ import annotations

import time
from dataclasses import asdict, astuple, dataclass
from itertools import product
from pathlib import Path

from mmengine.config import Config
from PIL import Image
from rich.console import Console

from sslrecipes.commands.explain_attention import explain_attention
from sslrecipes.commands.launch import find_datasets
from sslrecipes.commands.quickstart import CONFIGS, EvaluatedNetwork, make_way, recipe, timed, write_results
from sslrecipes.commands.test import test
from sslrecipes.commands.train import train
from sslrecipes.commands.visualize_reconstruction import visualize_reconstruction
from sslrecipes.datasets.photo_tiles import PhotoTiles
from sslrecipes.visualization.curves import plot_curves, read_scalars
from sslrecipes.visualization.tables import markdown_table, number, print_table

PRETRAINING = 'mae-priv-{}_vit-nano-p4_1xb64-coslr-8e_photo-tiles-32px.py'
KNN = 'vit-nano-p4_mae-priv-{}-pre_knn_photo-tiles-32px.py'
PROBE = 'vit-nano-p4_mae-priv-{}-pre_1xb64-linear-coslr-3e_photo-tiles-32px.py'
FINETUNING = 'vit-nano-p4_mae-priv-{}-pre_1xb64-coslr-3e_photo-tiles-32px.py'
#: Recipe -> end of the folder of its runs.
RUNS = {PRETRAINING: '', KNN: '-knn', PROBE: '-linear', FINETUNING: '-finetune'}
COLUMNS = ('start', 'k-NN', 'bal.', 'linear', 'bal.', 'fine-tuned', 'bal.', 'seconds', 'images/s')
PICTURED = ('astronaut', 'chelsea', 'china', 'coffee', 'flower', 'motorcycle_left')
TILE, CROP = 32, 96  # px of the tiles to reconstruct, and of the larger ones whose attention is shown
console = Console()

REPORT = """# MAE-priv

A nano ViT in the proportions of ViT-S, pre-trained without and with class token on tiles of the photographs inside
scikit-image and scikit-learn, against one of random weights in the same evaluations: {minutes:.1f} minutes.

{table}

Accuracies on validation tiles in %, top-1 and balanced over the classes (bal.): k-NN (k=10) and linear probe of frozen
features, and fine-tuning with the same recipe from each start; after the last epoch, not the best. Seconds and images/s
are those of the pre-training. One run with one seed.

In {folder}: the pages reconstruction_{{gap,cls}}.html and attention_{{gap,cls}}/index.html, the pictures
reconstruction_{{gap,cls}}.png and attention_{{gap,cls}}/rollout.png, pretraining_loss.png, finetuning_loss.png,
report.md, results.json, and the runs.

Next steps:

    python tools/test.py configs/quickstart/{knn} \\
        --cfg-options model.backbone.init_cfg.checkpoint={checkpoint}
    python tools/visualize_reconstruction.py configs/quickstart/{pretraining} \\
        {checkpoint} --images {folder}/tiles --seed 1 --out masked_again.html
    python tools/explain_attention.py configs/quickstart/{finetuning} \\
        {finetuned} --images {folder}/crops --size 96 --out attention
    bash tools/dist_train.sh configs/mae_priv/mae-priv-gap_vit-small-p16_8xb512-amp-coslr-100e_in1k.py 8
"""


@dataclass(frozen=True)
class Start:
    """What a network starts from: its name in the table and in folders, and the variant in the names of its recipes."""

    name: str
    key: str
    variant: str

    def folder(self, root: Path, config: str) -> Path:
        """Where it is trained or evaluated by a recipe."""
        return root / f'{self.key}{RUNS[config]}'


RANDOM, GAP, CLASS_TOKEN = STARTS = (
    Start('random init', 'random', 'gap'),
    Start('GAP', 'gap', 'gap'),
    Start('class token', 'cls', 'cls'),
)


@dataclass(frozen=True)
class Row:
    """A line of the table: accuracies in %, ``balanced`` over the classes, and what the pre-training took."""

    start: str
    knn_top1: float
    knn_balanced: float
    linear_top1: float
    linear_balanced: float
    finetuned_top1: float
    finetuned_balanced: float
    seconds: float | None = None
    images_per_second: float | None = None

    def cells(self) -> list[str]:
        """The line as text."""
        name, *scores, seconds, rate = astuple(self)
        return [name, *map(number, scores), number(seconds, 0), number(rate, 0)]


@dataclass(frozen=True)
class Chain:
    """The steps, as runs in a folder.

    Attributes:
        folder: Where everything goes.
        epochs: Length of all trainings instead of the recipes'.
        stride: Step between tiles in pixels instead of their side: a larger one gives fewer tiles.
    """

    folder: Path
    epochs: int | None = None
    stride: int | None = None

    def pretrain(self, start: Start) -> EvaluatedNetwork:
        """Pre-train a variant."""
        return timed(start.name, self._recipe(PRETRAINING, start))

    def evaluate(self, start: Start, network: EvaluatedNetwork | None = None) -> Row:
        """Score a start: k-NN and linear probe of the frozen network, then fine-tuning."""
        knn = test(self._evaluation(KNN, start, network))
        scores = [knn['knn/top1_k10'], knn['knn/balanced_k10']]
        for config in (PROBE, FINETUNING):
            cfg = self._evaluation(config, start, network)
            train(cfg)
            curves = read_scalars(cfg.work_dir)
            scores += [curves[f'accuracy/{name}'].values[-1] for name in ('top1', 'balanced')]
        cost = (network.seconds, network.images_per_second) if network else ()
        return Row(start.name, *scores, *cost)

    def _evaluation(self, config: str, start: Start, network: EvaluatedNetwork | None) -> Config:
        cfg = self._recipe(config, start)
        if network:
            cfg.model.backbone.init_cfg.checkpoint = str(network.checkpoint)
        else:
            cfg.model.backbone.init_cfg = None
        return cfg

    def _recipe(self, config: str, start: Start) -> Config:
        epochs = None if config == KNN else self.epochs
        cfg = recipe(config.format(start.variant), start.folder(self.folder, config), epochs)
        for key in cfg if self.stride else ():
            for _, dataset in find_datasets(cfg[key], key):
                dataset.stride = self.stride
        return cfg


def run(folder: Path, epochs: int | None = None, stride: int | None = None) -> list[Row]:
    """Do the whole job; the runs and results of an earlier call in ``folder`` are kept as ``*.superseded``.

    Args:
        folder: See :class:`Chain`, as the others.
        epochs: Length of all trainings.
        stride: Step between tiles.
    """
    begin = time.monotonic()
    for start, config in product(STARTS, RUNS):
        make_way(start.folder(folder, config))
    chain = Chain(folder, epochs, stride)
    networks = {}
    for step, start in enumerate((GAP, CLASS_TOKEN), start=1):
        console.rule(f'{step} of 6  Pre-train: {start.name}')
        networks[start] = chain.pretrain(start)
    rows = []
    for step, start in enumerate(STARTS, start=3):
        console.rule(f'{step} of 6  k-NN, linear probe, fine-tuning: {start.name}')
        rows.append(chain.evaluate(start, networks.get(start)))
    console.rule('6 of 6  Pictures and report')
    draw(folder)
    report(folder, rows, time.monotonic() - begin)
    return rows


def draw(folder: Path) -> None:
    """Draw loss curves, reconstructions by the pre-trained and attention of the fine-tuned networks."""
    pretrainings = {start.name: start.folder(folder, PRETRAINING) for start in (GAP, CLASS_TOKEN)}
    finetunings = {start.name: start.folder(folder, FINETUNING) for start in STARTS}
    plot_curves(pretrainings, folder / 'pretraining_loss.png', ['loss'])
    plot_curves(finetunings, folder / 'finetuning_loss.png', ['loss'])
    tiles, crops = save_tiles(folder / 'tiles', TILE), save_tiles(folder / 'crops', CROP)
    for start in (GAP, CLASS_TOKEN):
        pretraining, finetuning = (CONFIGS / config.format(start.variant) for config in (PRETRAINING, FINETUNING))
        for suffix in ('png', 'html'):
            out = folder / f'reconstruction_{start.key}.{suffix}'
            visualize_reconstruction(pretraining, latest(start.folder(folder, PRETRAINING)), tiles, out)
        finetuned = latest(start.folder(folder, FINETUNING))
        explain_attention(finetuning, finetuned, crops, folder / f'attention_{start.key}', size=CROP)


def save_tiles(folder: Path, size: int) -> list[Path]:
    """Write a validation tile of each of a few photographs as PNG; returns the files."""
    folder.mkdir(parents=True, exist_ok=True)
    tiles = PhotoTiles('val', size)
    labels = tiles.get_gt_labels()
    files = [folder / f'{name}.png' for name in PICTURED]
    for file in files:
        (places,) = (labels == tiles.CLASSES.index(file.stem)).nonzero()
        bgr = tiles.get_data_info(int(places[len(places) // 2]))['img']
        Image.fromarray(bgr[..., ::-1]).save(file)
    return files


def latest(run: Path) -> Path:
    """The last checkpoint of a run."""
    return max(run.glob('epoch_*.pth'), key=lambda path: path.stat().st_mtime)


def report(folder: Path, rows: list[Row], seconds: float) -> None:
    """Print the table, and write it with the next steps to ``report.md`` and ``results.json``."""
    cells = [row.cells() for row in rows]
    print_table(console, 'on validation tiles, %', COLUMNS, cells)
    text = REPORT.format(
        table=markdown_table(COLUMNS, cells),
        minutes=seconds / 60,
        folder=folder,
        knn=KNN.format('gap'),
        pretraining=PRETRAINING.format('gap'),
        finetuning=FINETUNING.format('gap'),
        checkpoint=latest(GAP.folder(folder, PRETRAINING)),
        finetuned=latest(GAP.folder(folder, FINETUNING)),
    )
    write_results(folder, text, {'seconds': seconds, 'results': [asdict(row) for row in rows]})
    print(text.split('\n\n', 3)[3])
