"""Files made of what a study trained: pictures, exported weights. Each is made by one of the tools."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sslrecipes.checkpoint.files.superseded import set_aside
from sslrecipes.config.option_values import text_of
from sslrecipes.studies.identity import digest, identity
from sslrecipes.studies.jobs import Job
from sslrecipes.studies.launching import tool
from sslrecipes.studies.records import DONE, Record, read_record, write_record
from sslrecipes.studies.states import FINISHED, State
from sslrecipes.studies.study import TOOL_NAMES, Product, Study

Command = list[str]


@dataclass(frozen=True)
class Making:
    """A file and how it is made.

    Attributes:
        name: Folder below the study's, for its record and log.
        file: The file.
        commands: Command lines, one after the other.
        needs: Jobs that were trained before.
        product: What the study says of it.
        folder: Where record and log go.
    """

    name: str
    file: Path
    commands: Sequence[Command]
    needs: Sequence[Job]
    product: Product
    folder: Path

    @property
    def identity(self) -> dict[str, str]:
        """What the file depends on."""
        weights = {f'weights of {job.name}': digest(identity(job)) for job in self.needs}
        return {'commands': repr([command[1:] for command in self.commands]), **weights}

    @property
    def is_made(self) -> bool:
        """Whether the file is there, made of what there is now."""
        record = read_record(self.folder)
        return self.file.is_file() and record is not None and record.status == DONE and record.identity == self.identity

    def begin(self) -> None:
        """Put away what is there, of other weights."""
        if self.file.is_file():
            set_aside(self.file)
        write_record(self.folder, Record('started', self.identity))

    def end(self) -> None:
        """Remember that it is made."""
        write_record(self.folder, Record(DONE, self.identity))


def makings_of(study: Study, jobs: Sequence[Job], states: Mapping[str, State], home: Path) -> Iterator[Making]:
    """List what can be made of finished jobs; of several seeds the first is taken."""
    for products in (study.pictures, study.exports):
        for product in products.values():
            for of in product.of:
                ready = [job for job in _first_of_each(jobs, of) if states[job.name].word == FINISHED]
                if ready:
                    yield from TOOLS[product.tool](product, ready, home)


def _first_of_each(jobs: Sequence[Job], part: str) -> list[Job]:
    """The first job of each network that a stage or evaluation trains."""
    first: dict[str, Job] = {}
    for job in jobs:
        if job.part == part and job.trains:
            first.setdefault(job.network, job)
    return list(first.values())


def _making(
    product: Product, name: str, suffix: str, commands: Sequence[Command], needs: Sequence[Job], home: Path
) -> Making:
    folder = home / product.name / name
    file = (
        home / product.arguments['file']
        if 'file' in product.arguments
        else folder / (f'{name}{suffix}' if suffix.startswith('.') else suffix)
    )
    filled = [[str(file) if word == _FILE else word for word in command] for command in commands]
    return Making(f'{product.name}/{name}', file, filled, needs, product, folder)


_FILE = '{file}'


def _of_images(script: str, suffix: str) -> Callable[[Product, Sequence[Job], Path], Iterator[Making]]:
    """Tools that look at pictures: some of the recipe's data, chosen by contrast, or those that are given."""

    def makings(product: Product, jobs: Sequence[Job], home: Path) -> Iterator[Making]:
        for job in jobs:
            given = {key: value for key, value in product.arguments.items() if key not in ('file', 'samples')}
            samples = home / product.name / 'samples'
            source = _python('save_samples.py', str(job.recipe), str(samples), **product.arguments.get('samples', {}))
            images = {} if 'images' in given else {'images': str(samples)}
            shown = _python(script, str(job.recipe), str(job.checkpoint), **images, out=_FILE, **_options(job), **given)
            yield _making(product, job.network, suffix, [*([source] if images else []), shown], [job], home)

    return makings


def _attention(product: Product, jobs: Sequence[Job], home: Path) -> Iterator[Making]:
    for making in _of_images('explain_attention.py', 'rollout.png')(product, jobs, home):
        folder = making.file.parent
        commands = [[str(folder) if word == str(making.file) else word for word in one] for one in making.commands]
        yield Making(making.name, making.file, commands, making.needs, product, making.folder)


def _views(product: Product, jobs: Sequence[Job], home: Path) -> Iterator[Making]:
    for job in jobs[:1]:
        command = _python('visualize_views.py', str(job.recipe), out=_FILE, **_options(job), **_given(product))
        yield _making(product, job.network, '.png', [command], [], home)


def _predictions(product: Product, jobs: Sequence[Job], home: Path) -> Iterator[Making]:
    checkpoints = [str(job.checkpoint) for job in jobs]
    command = _python('visualize_predictions.py', str(jobs[0].recipe), *checkpoints, out=_FILE, **_given(product))
    command += ['--cfg-options', 'transfer.checkpoint=None']
    yield _making(product, 'predictions', '.png', [command], jobs, home)


def _logged(product: Product, jobs: Sequence[Job], home: Path) -> Iterator[Making]:
    """The last picture that a hook of the training left."""
    for job in jobs:
        left = sorted((job.folder / 'vis').glob('*.png'), key=lambda file: file.stat().st_mtime)
        if left:
            yield Making(
                f'{product.name}/{job.network}', left[-1], [], [job], product, home / product.name / job.network
            )


def _export(product: Product, jobs: Sequence[Job], home: Path) -> Iterator[Making]:
    for job in jobs:
        command = _python('export_backbone.py', str(job.checkpoint), _FILE, **_given(product))
        yield _making(product, job.network, '.safetensors', [command], [job], home)


def _given(product: Product) -> dict[str, Any]:
    return {key: value for key, value in product.arguments.items() if key != 'file'}


def _options(job: Job) -> dict[str, Any]:
    """What a picture tool must know of a job's overrides; weights come from its checkpoint."""
    return {'cfg_options': [f'{key}={text}' for key, text in job.options.items()]} if job.options else {}


def _python(script: str, *words: str, **options: Any) -> Command:
    """Write the command line of a tool; an option of several values last."""
    command = [sys.executable, tool(script), *words]
    for name, value in sorted(options.items(), key=lambda option: isinstance(option[1], list)):
        values = value if isinstance(value, list) else [value]
        command += [f'--{name.replace("_", "-")}', *map(text_of, values)]
    return command


TOOLS: dict[str, Callable[[Product, Sequence[Job], Path], Iterator[Making]]] = {
    'reconstruction': _of_images('visualize_reconstruction.py', '.png'),
    'attention': _attention,
    'views': _views,
    'predictions': _predictions,
    'logged': _logged,
    'export': _export,
}
assert tuple(TOOLS) == TOOL_NAMES, 'the check of a study knows them without torch'
