"""The few places where mmengine, mmcv and mmpretrain must be mended, one file each, each with the upstream reason.

None of these modules imports torch.
"""

from sslrecipes.compat import (
    byte_order_marks,
    config_bases,
    config_text,
    debug_messages,
    detector_layer,
    frozen_stages,
    image_names,
    local_files,
    mmcv_ops,
    moved_modules,
    multimodal,
    yaml_files,
)


def install() -> None:
    """Apply all mends; ``import sslrecipes`` does it, and a second call changes nothing."""
    byte_order_marks.install()
    config_bases.install()
    config_text.install()
    debug_messages.install()
    detector_layer.install()
    frozen_stages.install()
    image_names.install()
    local_files.install()
    moved_modules.install()
    multimodal.install()
    mmcv_ops.install()
    yaml_files.install()
