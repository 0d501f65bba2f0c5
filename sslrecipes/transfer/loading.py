"""The backbone of a detector or segmentor, filled from any checkpoint without a lost tensor.

A backbone class may say what it has beyond the pre-trained network and what it has no use for:

* ``new_parameters``: words with which a part of a new parameter's name begins (``'rel_pos'`` for
  ``layers.0.attn.rel_pos_h``); those keep their initial values;
* ``unused_weights``: names, also of whole parts (``'ln1.'``), of the file that have no place in it; classifiers, final
  norms, class and mask tokens, MFF's fusion of layers (`UNUSED`) go without saying.

Everything else must be there, on both sides.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from math import isqrt
from pathlib import Path

from torch import Tensor, nn

from sslrecipes.checkpoint.backbone_arch import BackboneArch, ResNetArch, ViTArch, backbone_arch
from sslrecipes.checkpoint.coverage import Coverage, compare, fill, is_ignored
from sslrecipes.checkpoint.loading import baked_for
from sslrecipes.checkpoint.networks import Network, read_network
from sslrecipes.checkpoint.used_alike import check_heads, warn_of_differences
from sslrecipes.errors import CheckpointError, ConfigError, CoverageError
from sslrecipes.models.layers.position_interpolation import interpolate_positions
from sslrecipes.models.utils.wrapping import unwrapped
from sslrecipes.transfer.patch_resizing import resize_kernels

UNUSED = ('fc.', 'head.', 'ln1.', 'ln2.', 'cls_token', 'mask_token', 'proj_layers.', 'proj_weights')
_STAGES = 4


class C4Network(nn.Module):
    """A ResNet whose last stage sits in the RoI head: the parts of both under their names in the plain ResNet.

    Args:
        backbone: Up to ``layer3``.
        shared_head: Has ``layer4``, and perhaps a norm behind it, which is new.
    """

    def __init__(self, backbone: nn.Module, shared_head: nn.Module) -> None:
        super().__init__()
        vars(self)['backbone'] = backbone  # not as a child, whose parts would have two names
        for part in (backbone, shared_head):
            for name, module in part.named_children():
                self.add_module(name, module)
        self.new_parameters = tuple(name for name, _ in shared_head.named_children() if not name.startswith('layer'))


def load_backbone(
    model: nn.Module, checkpoint: str | Path | Network | None, part: str = 'student', ignore: Sequence[str] = ()
) -> Coverage | None:
    """Fill ``model.backbone``, and the shared head of a C4 detector, from a file of any known kind.

    The names are converted, TEC's MLP is baked into the class token, and a position table of another size is resampled
    bicubically, as are the kernels of patches where the backbone asks for it (``pretrained_patch_size``). The report is
    logged. Nothing else of the model is touched, nor anything if loading fails.

    Args:
        model: A model of mmdet, mmseg or mmpretrain, also wrapped for several processes.
        checkpoint: Our training checkpoint, an exported backbone, or a file of MAE, iBOT, TEC, DINO, MoCo, SimSiam,
            SSLight, S3L, solo-learn, torchvision, timm or detectron2: path or http(s) address, or what
            :func:`read_network` has read of it. None leaves the model as initialised.
        part: The network to take, see :func:`read_network`.
        ignore: Names, also of whole parts, that may be missing on either side besides those the class declares.

    Returns:
        What was loaded, or None without ``checkpoint``.

    Raises:
        ConfigError: Unknown ``part``, or a model without backbone.
        CheckpointError: The file can't be read, doesn't hold that network, or one with another number of heads.
        CoverageError: Less than the whole backbone, or of the file's network less than the whole, would be loaded.
    """
    if checkpoint is None:
        return None
    target = pretrained_part(model)
    network = checkpoint if isinstance(checkpoint, Network) else read_network(checkpoint, part)
    network = replace(network, weights=dict(resize_kernels(target, network.weights, network.source)))
    weights = _positions_fitted(target, baked_for(target, network.weights))
    fresh = [*ignore, *_new_parameters(target)]
    coverage = compare(target, weights, source=network.source, ignore=fresh)
    lost = [name for name in coverage.unexpected if not is_ignored(name, [*ignore, *unused_weights(target)])]
    if not coverage.complete or lost:
        raise CoverageError(_complaint(target, network, replace(coverage, unexpected=tuple(lost))))
    check_heads(target, network.facts, network.source)
    loaded = replace(coverage, source=f'{network.source} ({network.part})')
    fill(target, weights, loaded)
    warn_of_differences(unwrapped(model), network.facts, network.source, sizes=False)
    return loaded


def take_over(model: nn.Module, checkpoint: str | Path, part: str = 'student', ignore: Sequence[str] = ()) -> Network:
    """Fill the backbone, see :func:`load_backbone`, and return what was read for it."""
    network = read_network(checkpoint, part)
    load_backbone(model, network, ignore=ignore)
    return network


def pretrained_part(model: nn.Module) -> nn.Module:
    """What a pre-trained network fills: the backbone, with the shared head of a C4 detector.

    Raises:
        ConfigError: There is no backbone.
    """
    model = unwrapped(model)
    backbone = getattr(model, 'backbone', None)
    if not isinstance(backbone, nn.Module):
        raise ConfigError(f'{type(model).__name__} has no backbone that a checkpoint could fill.', 'model')
    shared_head = getattr(getattr(model, 'roi_head', None), 'shared_head', None)
    return C4Network(backbone, shared_head) if isinstance(shared_head, nn.Module) else backbone


def unused_weights(target: nn.Module) -> tuple[str, ...]:
    """The weights that ``target`` has no use for: those of `UNUSED`, of its own list, and of stages it lacks."""
    stages = sum(name.removeprefix('layer').isdigit() for name, _ in target.named_children())
    absent = (f'layer{stage}.' for stage in range(stages + 1, _STAGES + 1)) if stages else ()
    return (*UNUSED, *getattr(target, 'unused_weights', ()), *absent)


def _new_parameters(target: nn.Module) -> list[str]:
    words = tuple(getattr(target, 'new_parameters', ()))
    return [name for name in target.state_dict() if any(part.startswith(words) for part in name.split('.'))]


def _positions_fitted(target: nn.Module, weights: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
    """Drop the class token's row of a position table that goes into a network without, and resample the rest.

    Tables are square; one that isn't is left as it is, for the network's own hook or the report.
    """
    held, wanted = weights.get('pos_embed'), getattr(target, 'pos_embed', None)
    if held is None or wanted is None or held.ndim != 3 or held.shape == wanted.shape:
        return weights
    side, new_side = isqrt(held.shape[1]), isqrt(wanted.shape[1])
    extra, new_extra = held.shape[1] - side**2, wanted.shape[1] - new_side**2
    if not 0 <= new_extra <= extra <= 1:
        return weights
    fitted = interpolate_positions(held, (side, side), (new_side, new_side), extra_tokens=extra)
    return {**weights, 'pos_embed': fitted[:, extra - new_extra :]}


def _complaint(target: nn.Module, network: Network, coverage: Coverage) -> str:
    """What doesn't fit: the architectures if both are known and differ, else the weights; and what may help."""
    with suppress(CheckpointError):
        held, wanted = backbone_arch(network.weights), backbone_arch(target.state_dict())
        advice = _advice(target, held, wanted)
        if _build(held) != _build(wanted):
            return (
                f'"{network.source}" holds a {held}, but the backbone is a {wanted}: '
                f'{len(coverage.loaded)} of {coverage.wanted} weights fit.{advice}'
            )
        if isinstance(held, ResNetArch) and advice:
            coverage = replace(coverage, hint='')  # that of an init_cfg
        return coverage.complaint() + advice
    return coverage.complaint()


def _advice(target: nn.Module, held: BackboneArch, wanted: BackboneArch) -> str:
    """The option that lets the backbone take another ViT, or a ResNet without its last stage; empty if none does."""
    if isinstance(held, ResNetArch) and isinstance(wanted, ResNetArch) and wanted.whole and not held.whole:
        return f" To let the last stage begin anew set transfer.ignore=['layer{_STAGES}.']."
    if not (isinstance(held, ViTArch) and isinstance(wanted, ViTArch)):
        return ''
    if wanted.spare_row and not held.cls_token:
        return ' The network had no class token in pre-training: set model.backbone.with_cls_token=False.'
    if held.patch_size != wanted.patch_size and hasattr(target, 'pretrained_patch_size'):
        return f' To resize the patches set model.backbone.pretrained_patch_size={held.patch_size}.'
    return ''


def _build(arch: BackboneArch) -> tuple[object, ...]:
    """What must agree: not the size of images, nor norms and tokens, nor the number of stages."""
    if isinstance(arch, ViTArch):
        return ViTArch, arch.depth, arch.width, arch.hidden, arch.patch_size
    if isinstance(arch, ResNetArch):
        return ResNetArch, arch.depth, arch.base_channels, arch.stem_channels, arch.stem_kernel
    return type(arch), arch
