"""The module that :mod:`sslrecipes.compat.mmcv_ops` loads as ``mmcv._ext``: mmcv's operators on torchvision's kernels.

Signatures are those of mmcv's compiled extension (``mmcv/ops/nms.py``, ``mmcv/ops/roi_align.py``). Every name that is
not defined here is a function that raises NotImplementedError when it is called.
"""

from collections.abc import Callable
from typing import Any, NoReturn

import torch
import torchvision  # noqa: F401  registers torch.ops.torchvision
from torch import Tensor

_AVERAGE = 1


def get_compiler_version() -> str:
    """Name the origin of the operators (shown by ``collect_env``)."""
    return 'none (torchvision operators through sslrecipes)'


get_compiling_cuda_version = get_compiler_version


def nms(boxes: Tensor, scores: Tensor, iou_threshold: float, offset: int) -> Tensor:
    """Return the kept indices (K,), best score first, of ``boxes`` (N, 4) in xyxy pixels and ``scores`` (N,).

    With ``offset=1`` a box is ``x2 - x1 + 1`` wide (the convention of whole pixels), which widening by 1 expresses.
    """
    if offset:
        boxes = boxes + boxes.new_tensor([0, 0, offset, offset])
    return torch.ops.torchvision.nms(_at_least_fp32(boxes), _at_least_fp32(scores), iou_threshold)


def roi_align_forward(
    features: Tensor,
    rois: Tensor,
    output: Tensor,
    argmax_y: Tensor,
    argmax_x: Tensor,
    *,
    aligned_height: int,
    aligned_width: int,
    spatial_scale: float,
    sampling_ratio: int,
    pool_mode: int,
    aligned: bool,
) -> None:
    """Fill ``output`` (K, C, aligned_height, aligned_width) from ``features`` (B, C, H, W), ``rois`` (K, 5).

    Raises:
        NotImplementedError: for ``pool_mode='max'`` (0), which torchvision does not have.
    """
    _refuse_max(pool_mode)
    size = (aligned_height, aligned_width)
    output.copy_(
        torch.ops.torchvision.roi_align(
            _at_least_fp32(features), _at_least_fp32(rois), spatial_scale, *size, sampling_ratio, aligned
        )
    )


def roi_align_backward(
    grad_output: Tensor,
    rois: Tensor,
    argmax_y: Tensor,
    argmax_x: Tensor,
    grad_input: Tensor,
    *,
    aligned_height: int,
    aligned_width: int,
    spatial_scale: float,
    sampling_ratio: int,
    pool_mode: int,
    aligned: bool,
) -> None:
    """Fill ``grad_input`` (B, C, H, W) from ``grad_output`` (K, C, aligned_height, aligned_width)."""
    _refuse_max(pool_mode)
    size = (aligned_height, aligned_width)
    grad, rois = _at_least_fp32(grad_output), _at_least_fp32(rois)
    grad_input.copy_(
        torch.ops.torchvision._roi_align_backward(
            grad, rois, spatial_scale, *size, *grad_input.shape, sampling_ratio, aligned
        )
    )


def __getattr__(name: str) -> Callable[..., NoReturn]:
    """Stand in for every operator that torchvision does not have: importing it is allowed, calling it is not."""
    if name.startswith('__'):
        raise AttributeError(name)

    def missing(*args: Any, **kwargs: Any) -> NoReturn:
        raise NotImplementedError(f"mmcv op '{name}' needs compiled mmcv._ext")

    return missing


def _at_least_fp32(tensor: Tensor) -> Tensor:
    """Widen half precision, for which the kernels exist only on some devices."""
    return tensor.float() if tensor.dtype in (torch.float16, torch.bfloat16) else tensor


def _refuse_max(pool_mode: int) -> None:
    if pool_mode != _AVERAGE:
        raise NotImplementedError("mmcv op 'roi_align' with pool_mode='max' needs compiled mmcv._ext")
