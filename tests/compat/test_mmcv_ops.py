"""The finder behind ``mmcv._ext``: order of imports, and a compiled extension comes first."""

import subprocess
import sys

import pytest


def _run(code):
    return subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, timeout=300)


USE_OPERATORS = """
import mmcv.ops
import torch
assert mmcv.ops.nms(torch.tensor([[0., 0, 2, 2]]), torch.ones(1), 0.5)[1].tolist() == [0]
"""

USE_DETECTORS = """
import mmcv.ops
import mmdet.models
from mmdet.models.dense_heads import rpn_head
from mmdet.structures.mask import structures
assert rpn_head.batched_nms is mmcv.ops.batched_nms
assert structures.roi_align is mmcv.ops.roi_align
"""


@pytest.mark.parametrize(
    ('imports', 'use'),
    [
        ('import sslrecipes, mmcv', USE_OPERATORS),
        ('import mmcv, sslrecipes', USE_OPERATORS),
        ('import mmpretrain.models, sslrecipes', USE_DETECTORS),
    ],
    ids=['before mmcv', 'after mmcv', 'after mmpretrain and mmdet'],
)
def test_order_of_imports_is_free(imports, use):
    result = _run(imports + use)
    assert result.returncode == 0, result.stderr


def test_importing_the_package_imports_no_torch():
    result = _run("import sys, sslrecipes; assert not {'torch', 'mmcv', 'mmpretrain'} & sys.modules.keys()")
    assert result.returncode == 0, result.stderr


def test_a_compiled_extension_is_preferred(tmp_path):
    (tmp_path / '_ext.py').write_text("nms = 'compiled'\n")
    code = f'import sslrecipes, mmcv; mmcv.__path__.append({str(tmp_path)!r}); import mmcv._ext; print(mmcv._ext.nms)'
    result = _run(code)
    assert result.stdout.strip() == 'compiled', result.stderr
