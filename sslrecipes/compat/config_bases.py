"""Let ``sslrecipes::…`` and ``mmseg::…`` stand in a config's ``_base_``.

MMEngine resolves ``package::path`` through a fixed table, which knows only OpenMMLab's own packages (mmengine issue
1410), and which looks for ``mmseg`` under the distribution name ``mmsegmentation``, whereas the maintained build is
called ``onedl-mmsegmentation``. The files themselves lie in ``sslrecipes/.mim``: symbolic links in a checkout, copies
in an installed wheel.

For each mention of ``package::path`` MMEngine reads all metafiles of the package, a tenth of a second for mmpretrain,
although none of them lists what lies in ``_base_/``; here it doesn't.
"""

from typing import Any

from mmengine.config import utils

_look_up = utils._get_cfg_metainfo


def install() -> None:
    """Enter both packages under their import names, which MMEngine finds whatever the distribution is called."""
    utils.MODULE2PACKAGE.update(sslrecipes='sslrecipes', mmseg='mmseg')
    utils._get_cfg_metainfo = _get_cfg_metainfo


def _get_cfg_metainfo(package_path: str, cfg_path: str) -> dict[str, Any]:
    """Look a recipe up in the metafiles of a package; MMEngine takes ``ValueError`` for "look among the files"."""
    if cfg_path.startswith('_base_/'):
        raise ValueError(f'{cfg_path} is no recipe')
    found: dict[str, Any] = _look_up(package_path, cfg_path)
    return found
