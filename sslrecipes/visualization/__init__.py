"""Pictures: reconstructions, curves, the progress line. Importing registers mmpretrain's visualizers."""

import mmpretrain.visualization  # noqa: F401  a parent registry's modules are not imported by themselves
