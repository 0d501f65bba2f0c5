"""Picture of a collapse, or of none: embeddings, assignments and loss over training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from sslrecipes.visualization.figure_files import save_figure

#: Panels: title, the curve, and lines of reference with their names.
PANELS = {
    'loss': ('loss', 'trivial_loss', 'network that tells no images apart'),
    'standard deviation of embeddings': ('std', 'min_std', 'collapsed below'),
    'effective rank of embeddings': ('rank', 'min_rank', 'collapsed below'),
    'entropy of the mean assignment / ln K': ('assignment_entropy', 'min_assignment_entropy', 'collapsed below'),
}


def plot_collapse(curves: Mapping[str, Sequence[float]], references: Mapping[str, float], out: str | Path) -> Path:
    """Draw a panel for each of the curves of :data:`PANELS` that there are, with its line of reference.

    Args:
        curves: ``'iteration'`` and, for the same iterations, any of ``'loss'``, ``'std'``, ``'rank'`` and
            ``'assignment_entropy'``.
        references: Heights of the lines of reference that are known.
        out: The PNG to write.

    Returns:
        ``out``.
    """
    from matplotlib.figure import Figure  # imported here because it is slow to load

    panels = {title: panel for title, panel in PANELS.items() if panel[0] in curves}
    figure = Figure(figsize=(4.8 * len(panels), 3.6), dpi=110, layout='constrained')
    for position, (title, (name, reference, meaning)) in enumerate(panels.items(), start=1):
        axes = figure.add_subplot(1, len(panels), position, title=title, xlabel='iteration')
        axes.plot(curves['iteration'], curves[name], marker='.')
        if reference in references:
            axes.axhline(references[reference], color='C3', linestyle='--', label=meaning)
            axes.legend()
        if name != 'loss':
            axes.set_ylim(bottom=0)
        axes.grid(alpha=0.3)
    return save_figure(figure, out)
