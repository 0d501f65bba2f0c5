"""The page of components: a directive of mkdocstrings for each registered class."""

from __future__ import annotations

from pathlib import Path

from definitions import definitions

#: Title of a section, and where its classes are.
SECTIONS = {
    'Methods': ['sslrecipes/models/methods/*.py'],
    'Heads': ['sslrecipes/models/heads/*.py'],
    'Necks': ['sslrecipes/models/necks/*.py'],
    'Targets': ['sslrecipes/models/targets/*.py'],
    'Backbones': ['sslrecipes/models/backbones/*.py'],
    'Data': ['sslrecipes/datasets/*.py'],
    'Transforms': ['sslrecipes/datasets/transforms/**/*.py'],
    'Loops, optimizers, schedules': [
        'sslrecipes/engine/*.py',
        'sslrecipes/engine/optimizers/*.py',
        'sslrecipes/engine/schedulers/*.py',
    ],
    'Evaluation': ['sslrecipes/evaluation/*.py'],
    'Detection and segmentation': ['sslrecipes/transfer/*.py'],
    'Weights': ['sslrecipes/checkpoint/**/*.py'],
}


def component_list(root: Path) -> str:
    """A section for each kind of component."""
    parts = []
    for title, patterns in SECTIONS.items():
        found = [part for part in definitions(root, patterns) if part.is_registered()]
        if not found:
            raise LookupError(f'No component is in {patterns} any more: docs/hooks/ must follow.')
        parts.append(f'## {title}')
        parts += [f'::: {part.module}.{part.name}\n    options: {{members: false}}' for part in found]
    return '\n\n'.join(parts)
