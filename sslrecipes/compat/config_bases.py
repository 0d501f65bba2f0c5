"""Let ``sslrecipes::…`` and ``mmseg::…`` stand in a config's ``_base_``.

MMEngine resolves ``package::path`` through a fixed table, which knows only OpenMMLab's own packages (mmengine issue
1410), and which looks for ``mmseg`` under the distribution name ``mmsegmentation``, whereas the maintained build is
called ``onedl-mmsegmentation``. The files themselves lie in ``sslrecipes/.mim``: symbolic links in a checkout, copies
in an installed wheel.
"""

from mmengine.config.utils import MODULE2PACKAGE


def install() -> None:
    """Enter both packages under their import names, which MMEngine finds whatever the distribution is called."""
    MODULE2PACKAGE.update(sslrecipes='sslrecipes', mmseg='mmseg')
