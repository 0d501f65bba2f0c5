"""Weights from a file, as the ``init_cfg`` of a module or by a call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mmengine.model import PretrainedInit, update_init_info
from torch import Tensor, nn

from sslrecipes.checkpoint.baking import adapted_parts, bake_cls_token
from sslrecipes.checkpoint.conversion.convert import our_weights
from sslrecipes.checkpoint.coverage import Coverage, is_ignored, load_weights
from sslrecipes.checkpoint.files.reading import Location, read_checkpoint
from sslrecipes.checkpoint.stated import facts_of
from sslrecipes.checkpoint.used_alike import check_heads, warn_of_differences
from sslrecipes.registry import WEIGHT_INITIALIZERS


@WEIGHT_INITIALIZERS.register_module(name='Pretrained')
class Pretrained(PretrainedInit):
    """Initialise a module from a file, completely or not at all.

    Takes the place of mmengine's ``Pretrained``, which only logs a warning when names don't match and so trains on
    random weights. Give it as the only ``init_cfg`` of an mmpretrain ViT (in a list, the ViT draws a new ``pos_embed``
    after loading) and by its bare name (``BaseModule`` recognises the string ``'Pretrained'``).

    Args:
        checkpoint: File or http(s) address: a checkpoint of ours or mmpretrain's, an exported backbone, or an official
            file of MAE, MAE-priv, iBOT, TEC, DINO, MoCo, SSLight, torchvision, timm or detectron2.
        prefix: The sub-network of the checkpoint to take, such as ``'backbone.'``. A file without that prefix in any
            name is taken as the bare sub-network.
        map_location: Where the file's tensors go.
        ignore: Names, also of whole parts (``'ln2.'``), that the module may have without the file, or the file without
            the module.
        allow_partial: Load what fits although something is missing.
        weights: The entry of the file to take, such as ``'teacher'`` of a full iBOT checkpoint, see :func:`unwrap`.
        fresh: Names, also of whole parts, that stay as they are initialised even if the file has them, such as the norm
            that a classifier puts behind the class token.
    """

    def __init__(
        self,
        checkpoint: str,
        prefix: str | None = None,
        map_location: Location = 'cpu',
        ignore: Sequence[str] = (),
        allow_partial: bool = False,
        weights: str | None = None,
        fresh: Sequence[str] = (),
    ) -> None:
        super().__init__(checkpoint, prefix, map_location)
        self.ignore = tuple(ignore)
        self.allow_partial = allow_partial
        self.weights = weights
        self.fresh = tuple(fresh)

    def __call__(self, module: nn.Module) -> None:
        """Load the weights.

        Raises:
            CheckpointError: The file can't be read.
            CoverageError: The file doesn't fill the module.
        """
        load_pretrained(
            module,
            self.checkpoint,
            prefix=self.prefix,
            map_location=self.map_location,
            ignore=self.ignore,
            allow_partial=self.allow_partial,
            weights=self.weights,
            fresh=self.fresh,
        )
        if hasattr(module, '_params_init_info'):
            update_init_info(module, init_info=self._get_init_info())


def load_pretrained(
    module: nn.Module,
    checkpoint: str | Path,
    *,
    prefix: str | None = None,
    map_location: Location = 'cpu',
    ignore: Sequence[str] = (),
    allow_partial: bool = False,
    weights: str | None = None,
    fresh: Sequence[str] = (),
) -> Coverage:
    """Fill ``module`` from a file; the arguments are those of :class:`Pretrained`.

    Raises:
        CheckpointError: The file can't be read, or its network has another number of heads.
        CoverageError: The file doesn't fill the module; the module is unchanged.
    """
    held = read_checkpoint(checkpoint, map_location)
    state = our_weights(held, str(checkpoint), weights)
    prefix = f'{prefix.rstrip(".")}.' if prefix else ''
    if not any(name.startswith(prefix) for name in state):
        prefix = ''
    taken = {name: value for name, value in state.items() if not is_ignored(name.removeprefix(prefix), fresh)}
    source, ignore = str(checkpoint), (*ignore, *fresh)
    check_heads(module, facts := facts_of(held.get('meta')), source)
    coverage = load_state(module, taken, source=source, prefix=prefix, ignore=ignore, allow_partial=allow_partial)
    warn_of_differences(module, facts, source)
    return coverage


def load_state(
    module: nn.Module, state: Mapping[str, Tensor], *, source: str, prefix: str = '', **how: Any
) -> Coverage:
    """Fill ``module`` from weights under our names, as :func:`load_weights` does, whose arguments it takes.

    TEC weights that go into a module without MLP token get their token baked, so that the module computes what the
    pre-trained network computed.

    Raises:
        CoverageError: The weights don't fill the module; the module is unchanged.
    """
    return load_weights(module, baked_for(module, state, prefix), source=source, prefix=prefix, **how)


def baked_for(module: nn.Module, state: Mapping[str, Tensor], prefix: str = '') -> Mapping[str, Tensor]:
    """Bake TEC's MLP into the cls tokens that go into a module without it."""
    names = module.state_dict()
    for part in adapted_parts(state):
        if part.startswith(prefix) and f'{part.removeprefix(prefix)}cls_token_mlp.fc2.weight' not in names:
            state = bake_cls_token(state, part)
    return state
