"""mmpretrain's models come without those of mmdet, whose layer is there as soon as they are."""

import subprocess
import sys

CODE = """
import sys
import sslrecipes
import mmpretrain.models
from mmpretrain.models import utils
assert not {'mmdet.models', 'matplotlib.pyplot', 'scipy', 'sklearn'} & set(sys.modules)
assert utils.ResLayerExtraNorm is None
from mmdet.registry import MODELS
assert MODELS.get('ResLayerExtraNorm') is utils.ResLayerExtraNorm is not None
"""


def test_the_layer_waits_for_the_models_of_mmdet():
    done = subprocess.run([sys.executable, '-c', CODE], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
