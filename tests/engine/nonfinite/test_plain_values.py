import re

import numpy as np
import pytest
import torch
from mmdet.structures import DetDataSample
from mmdet.structures.bbox import HorizontalBoxes
from mmdet.structures.mask import BitmapMasks, PolygonMasks
from mmengine.structures import InstanceData, PixelData
from mmpretrain.structures import DataSample, MultiTaskDataSample
from mmseg.structures import SegDataSample

from sslrecipes.engine.nonfinite.plain_values import DATA_SAMPLE, KIND, STRUCTURES, from_plain, to_plain
from sslrecipes.errors import CheckpointError


def boxes(masks):
    return InstanceData(bboxes=HorizontalBoxes(torch.rand(1, 4)), labels=torch.tensor([1]), masks=masks)


@pytest.mark.parametrize(
    'sample',
    [
        DataSample(metainfo={'img_shape': (8, 8)}).set_gt_label(3),
        MultiTaskDataSample(),
        DetDataSample(gt_instances=boxes(BitmapMasks(np.ones((1, 4, 4), np.uint8), 4, 4))),
        DetDataSample(gt_instances=boxes(PolygonMasks([[np.array([0.0, 0, 1, 1, 2, 0])]], 4, 4))),
        SegDataSample(gt_sem_seg=PixelData(data=torch.zeros(1, 4, 4))),
    ],
    ids=lambda sample: type(sample).__name__,
)
def test_every_structure_of_batches_comes_back(sample):
    back = from_plain(to_plain({'data_samples': [sample]}))['data_samples'][0]
    assert type(back) is type(sample)
    assert str(to_plain(back)) == str(to_plain(sample))
    kinds = set(re.findall(rf"'{KIND}': '([^']+)'", str(to_plain(sample))))
    assert kinds <= STRUCTURES


@pytest.mark.parametrize(
    'kind',
    [
        'mmseg.structures.sampler.builder.build_pixel_sampler',
        'mmdet.structures.bbox.horizontal_boxes.torch.hub.load',
        'mmengine.structures.base_data_element.copy',
        'mmpretrain.structures.data_sample',
        'os.system',
        None,
        7,
        ['x'],
    ],
)
def test_other_names_are_refused(kind):
    with pytest.raises(CheckpointError, match='no structure of a data sample'):
        from_plain({DATA_SAMPLE: {}, KIND: str(kind) if isinstance(kind, list) else kind})


@pytest.mark.parametrize('fields', [{'__class__': 1}, {'metainfo': 3}, 5, {'metainfo': {'__dict__': {}}}, {1: 2}])
def test_odd_fields_are_refused(fields):
    with pytest.raises(CheckpointError, match='in this file can not be made'):
        from_plain({DATA_SAMPLE: fields})
