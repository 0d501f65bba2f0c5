"""The few places where mmengine and mmcv must be mended, one file each, each with the upstream reason."""


def install() -> None:
    """Apply every mend that has to precede the first import of mmpretrain, mmdet or mmseg."""
