"""Reconstructions as a page: a row of four figures for each image, and what they were made with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from sslrecipes.visualization.html_page import Figure, write_page
from sslrecipes.visualization.patch_colours import PatchColours, short_colour_caption
from sslrecipes.visualization.reconstructed_pixels import Reconstruction
from sslrecipes.visualization.reconstruction import reconstruction_caption

_TARGETS = {True: 'patches normalised by their own mean and standard deviation (norm_pix)', False: 'raw pixels'}


def write_reconstruction_page(
    out: str | Path,
    facts: dict[str, str],
    reconstruction: Reconstruction,
    names: Sequence[str],
    norm_pix: bool,
    patch_colours: PatchColours,
) -> Path:
    """Write an HTML page that needs nothing beside it.

    Args:
        out: The file.
        facts: What the reconstruction was made with; targets and colours are added.
        reconstruction: What to show.
        names: What the images are called.
        norm_pix: Whether targets are normalised per patch.
        patch_colours: Where the colours then come from.

    Returns:
        ``out``.

    Raises:
        StorageError: The file can't be written.
    """
    facts = {**facts, 'targets': _TARGETS[norm_pix], 'pictures': reconstruction_caption(norm_pix, patch_colours)}
    colours = short_colour_caption(norm_pix, patch_colours)
    return write_page(out, 'Reconstructions of masked images', facts, list(_figures(reconstruction, names, colours)))


def _figures(reconstruction: Reconstruction, names: Sequence[str], colours: str) -> Iterator[Figure]:
    columns = {name: tiles.permute(0, 2, 3, 1).cpu().numpy() for name, tiles in reconstruction.panels().items()}
    for row, (name, error) in enumerate(zip(names, reconstruction.errors(), strict=True)):
        remarks = {'masked': 'what the network sees', 'reconstruction': colours, 'reconstruction + visible': error}
        for column, tiles in columns.items():
            caption = f'{column}: {remarks[column]}' if column in remarks else column
            yield Figure(tiles[row], caption, heading=name if column == 'original' else '')
