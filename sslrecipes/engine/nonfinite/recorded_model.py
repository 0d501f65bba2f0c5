"""The model that a record describes, built without running or reading anything that the record names.

Upstream builds whatever is registered or can be imported. Some of that runs commands, unpickles files or evaluates
texts that are mere arguments (``class_weight='x.pkl'`` of mmseg's losses, the ``type`` of mmcv's ``nms``). So of a
record only the components below are built, from numbers and plain words; weights come from the record itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from mmengine.config import ConfigDict
from mmengine.registry import DefaultScope
from torch import Tensor, nn
from torch.nn.modules import module as hooks

import sslrecipes.models  # noqa: F401  registers the components of recipes
from sslrecipes.engine.failures import is_too_large
from sslrecipes.errors import CheckpointError
from sslrecipes.registry import MODELS

SCOPES = ('sslrecipes', 'mmpretrain', 'mmdet', 'mmseg', 'mmengine')

#: What mmpretrain, mmdet, mmseg and mmengine give to the recipes here, to mmpretrain's of the same methods, and what
#: :mod:`sslrecipes.transfer` adds to it. Components of :mod:`sslrecipes.models` need no entry.
_COMPONENTS = """
    BarlowTwins BYOL DenseCL EncoderDecoder FasterRCNN ImageClassifier MaskFeat MaskRCNN MoCoV3 PanopticFPN SimCLR
    SimSiam
    ClsDataPreprocessor DetDataPreprocessor SegDataPreProcessor SelfSupDataPreprocessor CutMix Mixup
    DilatedMobileNetV2 MAEViT MaskFeatViT MobileNetV2 MoCoV3ViT PatchResizingViT ResNet ResNet_CIFAR ViTDet
    VisionTransformer
    DenseCLNeck Feature2Pyramid FPN GlobalAveragePooling LinearNeck MAEPretrainDecoder MoCoV2Neck NonLinearNeck
    SimpleFPN
    ContrastiveHead LatentCrossCorrelationHead LatentPredictHead LinearClsHead MAEPretrainHead MIMHead MoCoV3Head
    MultiLabelLinearClsHead VisionTransformerClsHead
    BBoxHead FCNHead FCNMaskHead HeuristicFusionHead PanopticFPNHead RPNHead Shared2FCBBoxHead
    Shared4Conv1FCBBoxHead StandardRoIHead UPerHead
    CosineSimilarityLoss CrossCorrelationLoss CrossEntropyLoss L1Loss LabelSmoothLoss PixelReconstructionLoss
    SmoothL1Loss SwAVLoss
    AnchorGenerator BboxOverlaps2D DeltaXYWHBBoxCoder MaxIoUAssigner RandomSampler ResLayer ResLayerExtraNorm
    RoIAlign SingleRoIExtractor nms
    BN BN1d Conv2d GELU GN LN LN2d ReLU ReLU6 SyncBN bilinear deconv nearest
"""
COMPONENTS = frozenset(_COMPONENTS.split())
#: Arguments that name files of weights, which the state in the record takes the place of.
WEIGHT_FILES = ('init_cfg', 'pretrained', 'checkpoint')
#: The words that choose between ways: nothing that could be an expression or the path of a file.
WORD = re.compile(r'[\w-]{0,64}')
#: Arguments that upstream reads from a file if they are texts.
NUMBERS = ('class_weight',)
#: No size or number of anything is larger.
LARGEST = 10_000_000
#: How often while it is built a model may hold more values, or tensors, than in the end.
SLACK = 4
_GIANT = 'The model in this file is far larger than the weights that were recorded with it.'


def build_recorded(cfg: Mapping[str, Any], scope: str, state: Mapping[str, Tensor]) -> nn.Module:
    """Build a recorded model, with weights that are still to be filled in.

    Args:
        cfg: Its config.
        scope: The default scope of its recipe.
        state: Its recorded tensors, which say how large it is.

    Raises:
        CheckpointError: It asks for more than listed components and plain arguments, is larger than what was recorded,
            or can't be built.
    """
    plain = plain_model(cfg)
    if scope not in SCOPES:
        raise _refusal(f'the scope {scope!r}')
    try:
        with bounded_by(state):
            return build_model(plain, scope)
    except CheckpointError:
        raise
    except Exception as error:  # components raise whatever comes to pass with odd arguments
        if is_too_large(error):  # one layer alone, which was to be allocated before it was counted
            raise CheckpointError(_GIANT) from error
        reason = str(error).strip().split('\n')[0] or type(error).__name__
        raise CheckpointError(f'The model in this file can not be built: {reason}') from error


def build_model(cfg: Mapping[str, Any], scope: str) -> nn.Module:
    """Build any model under the names of a scope."""
    if scope != 'sslrecipes':
        import_module('sslrecipes.transfer')  # which takes seconds
    with DefaultScope.overwrite_default_scope(scope):
        model: nn.Module = MODELS.build(ConfigDict(cfg))
    return model


def plain_model(node: Any, name: str = 'model') -> Any:
    """Return a config without the files of weights that it names.

    Args:
        node: The config, or a part of it.
        name: What the part is called.

    Raises:
        CheckpointError: It names anything but listed components, or has another argument than numbers and words.
    """
    if isinstance(node, Mapping):
        _check_component(node)
        return {key: plain_model(value, _word(key)) for key, value in node.items() if key not in WEIGHT_FILES}
    if isinstance(node, (list, tuple)):
        return type(node)(plain_model(value, name) for value in node)
    if node is None or isinstance(node, float) or (isinstance(node, int) and abs(node) <= LARGEST):
        return node
    if isinstance(node, int) or name in NUMBERS:
        raise _refusal(f'{name}={str(node)[:100]}')
    return node if name == 'type' else _word(node)


def _check_component(node: Mapping[Any, Any]) -> None:
    name, scope = node.get('type'), node.get('_scope_', 'sslrecipes')
    if 'type' not in node and scope in SCOPES:
        return
    prefix, _, bare = name.rpartition('.') if isinstance(name, str) else ('', '', '')
    if not (bare in COMPONENTS or _is_ours(bare)) or prefix not in ('', *SCOPES) or scope not in SCOPES:
        raise _refusal(f'{name!r} of {scope!r}'[:200])


def _is_ours(name: str) -> bool:
    """Tell whether this package registers a component; one that a project imports is none of its own."""
    return getattr(MODELS.module_dict.get(name), '__module__', '').startswith('sslrecipes.models.')


def _word(value: Any) -> str:
    if not isinstance(value, str) or not WORD.fullmatch(value):
        raise _refusal(repr(value)[:100])
    return value


def _refusal(what: str) -> CheckpointError:
    return CheckpointError(
        f'The model in this file asks for {what}, which is none of the components and plain arguments that are built '
        'from a file: if you trust its recipe, give it with --config.'
    )


@contextmanager
def bounded_by(state: Mapping[str, Tensor]) -> Iterator[None]:
    """Stop building as soon as a model is far larger than its recorded tensors; memory is taken only when filled."""
    values, tensors = SLACK * sum(tensor.numel() for tensor in state.values()), SLACK * len(state)
    counted = [0, 0, 0]

    def count(_module: nn.Module, _name: str, new: Any) -> None:
        counted[0] += new.numel() if isinstance(new, Tensor) else 0
        counted[1] += isinstance(new, Tensor)
        counted[2] += 1
        if counted[0] > values or counted[1] > tensors or counted[2] > 100 * tensors:
            raise CheckpointError(_GIANT)

    handles = [
        hooks.register_module_parameter_registration_hook(count),
        hooks.register_module_buffer_registration_hook(count),
        hooks.register_module_module_registration_hook(count),
    ]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()
