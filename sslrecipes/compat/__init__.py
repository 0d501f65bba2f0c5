"""The few places where mmengine and mmcv must be mended, one file each, each with the upstream reason.

None of these modules imports torch.
"""

from sslrecipes.compat import config_bases, mmcv_ops


def install() -> None:
    """Apply both mends; ``import sslrecipes`` does it, and a second call changes nothing."""
    config_bases.install()
    mmcv_ops.install()
