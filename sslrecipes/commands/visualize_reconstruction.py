"""Reconstructions of given image files by a pre-trained checkpoint: a picture, or a page of pictures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mmengine.config import Config
from PIL import Image

from sslrecipes.checkpoint.conversion.convert import our_weights
from sslrecipes.checkpoint.coverage import load_weights
from sslrecipes.checkpoint.files.reading import read_checkpoint
from sslrecipes.checkpoint.files.writing import write_atomic
from sslrecipes.checkpoint.stated import facts_of
from sslrecipes.checkpoint.used_alike import check_used_alike
from sslrecipes.commands.networks import build_network, origin_facts
from sslrecipes.config.inputs import config_inputs
from sslrecipes.config.loading import load_config
from sslrecipes.errors import ConfigError
from sslrecipes.paths.overwriting import refuse_overwriting
from sslrecipes.visualization.image_files import find_images, load_squares
from sslrecipes.visualization.patch_colours import PatchColours, check_patch_colours
from sslrecipes.visualization.reconstruction import reconstruct, reconstruction_grid, require_pixels
from sslrecipes.visualization.reconstruction_page import write_reconstruction_page

PAGE_SUFFIXES = ('.htm', '.html')
PICTURE_SUFFIXES = ('.bmp', '.jpeg', '.jpg', '.png', '.tif', '.tiff', '.webp')


def load_mae(cfg: Config, checkpoint: str | Path) -> Any:
    """Build the model of a config on the CPU and fill it from ``checkpoint``, ours or an official one.

    Raises:
        ConfigError: If the model of the config predicts no pixels.
        CheckpointError: If the file is damaged, unsafe or does not fill the model.
    """
    model = build_network(cfg)
    require_pixels(model)
    held, source = read_checkpoint(checkpoint), str(checkpoint)
    check_used_alike(model, facts_of(held.get('meta')), source)
    load_weights(model, our_weights(held, source), source=source)
    return model


def visualize_reconstruction(
    config: str | Path,
    checkpoint: str | Path,
    images: Sequence[str | Path],
    out: str | Path,
    seed: int = 0,
    patch_colours: PatchColours = 'original',
    limit: int = 8,
    cfg_options: dict[str, Any] | None = None,
) -> Path:
    """Mask images at random, let a pre-trained masked autoencoder reconstruct them and write pictures.

    Args:
        config: Config of a pre-training by MAE or MAE-priv.
        checkpoint: Its checkpoint, or an official one of the same network.
        images: Image files of any size, or folders of them; all but the central square is cut off.
        out: The picture or, with the ending ``.html``, the page to write; its directory is made.
        seed: Seed of the masks.
        patch_colours: See :func:`sslrecipes.visualization.patch_colours.shown_statistics`.
        limit: At most this many images.
        cfg_options: Overrides of the config: dotted keys and values.

    Returns:
        ``out``.

    Raises:
        UserError: If a path, the config, the checkpoint or an option does not serve; the message says which.
    """
    out = Path(out)
    suffix = _known_suffix(out)
    check_patch_colours(patch_colours)
    if not 0 <= seed < 2**63:
        raise ConfigError(f'seed must be from 0 to 2**63 - 1, not {seed}.')
    files = find_images(images, limit)
    cfg = load_config(config, cfg_options)
    refuse_overwriting([checkpoint, *files, *config_inputs(cfg)], out)
    model = load_mae(cfg, checkpoint)
    reconstruction, removed = reconstruct(model, load_squares(files, model.backbone.img_size[0]), seed, patch_colours)
    names, colours = [file.name for file in files], (model.head.norm_pix, patch_colours)
    if suffix in PAGE_SUFFIXES:
        facts = origin_facts(config, checkpoint) | {'masks': f'{removed:.0%} of the patches removed, seed {seed}'}
        return write_reconstruction_page(out, facts, reconstruction, names, *colours)
    title = f'{Path(checkpoint).name}, mask ratio {removed:.0%}'
    picture = Image.fromarray(reconstruction_grid(reconstruction, *colours, title, names))
    return write_atomic(out, lambda file: picture.save(file, format=Image.registered_extensions()[suffix]))


def _known_suffix(out: Path) -> str:
    """The ending of ``out``, which tells pages from pictures; refuses any other."""
    suffix, known = out.suffix.lower(), (*PAGE_SUFFIXES, *PICTURE_SUFFIXES)
    if suffix not in known:
        raise ConfigError(f'cannot write "{out}": its name must end in one of {", ".join(known)}')
    return suffix
