"""sslrecipes: a declarative registry of self-supervised image pre-training recipes on MMEngine and MMPretrain.

Importing the package imports no torch: it only prepares the places where the OpenMMLab stack must be mended
before its own modules are imported (see :mod:`sslrecipes.compat`).
"""

from sslrecipes.compat import install
from sslrecipes.version import __version__

install()

__all__ = ['__version__']
